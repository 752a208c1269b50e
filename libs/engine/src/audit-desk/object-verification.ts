import type { Cancellation } from "@holdfast/base/cancellation";
import { type ChainHead, genesis } from "@holdfast/core/audit/chain";
import type { Damage } from "@holdfast/core/audit/chain-damage";
import { orderDamage, type PartEnds } from "../archiver/part-order.ts";
import type { MissingRun, UnreadWhy, Verdict } from "../ports/audit-desk.ts";
import type { ArchivedPart } from "../ports/ledger-records.ts";
import type { ArchivedRuns } from "./archived-runs.ts";
import { greatest, least } from "./chain-list.ts";
import type { ChainVerdict } from "./chain-reading.ts";
import type { ObjectLook, ObjectLooks } from "./object-looks.ts";
import { UnreadTally } from "./unread-tally.ts";

/** What an object was like; where it ends, where its manifest says so. */
type Found = { readonly ends?: PartEnds } & (
  | { readonly kind: "whole" }
  | { readonly kind: "unread"; readonly why: UnreadWhy; readonly message: string }
  | { readonly kind: "damaged"; readonly damage: Damage }
);

/** The objects of one chain, each read once however often the rows of the chain are. */
export class ObjectVerification {
  readonly #looks: ObjectLooks;
  readonly #found = new Map<string, Found>();
  #records = 0;

  constructor(looks: ObjectLooks) {
    this.#looks = looks;
  }

  /** Reads those that were not read yet. */
  async read(
    runs: ArchivedRuns,
    onRecords: (records: number) => Promise<void>,
    cancellation: Cancellation,
  ): Promise<void> {
    const gone = new Set(runs.gone);
    for (const part of runs.parts) {
      if (cancellation.cancelled) return;
      if (this.#found.has(part.key)) continue;
      const found = foundOf(part, await this.#looks.look(part));
      this.#found.set(part.key, found);
      // Others are counted as the rows that the hot store still has of them.
      if (found.kind === "whole" && gone.has(part)) this.#records += part.rows;
      if (wasAsked(found)) await onRecords(this.#records);
    }
  }

  /** One verdict of what the rows and the objects say. */
  join(rows: ChainVerdict, runs: ArchivedRuns, trusted: readonly ChainHead[]): Verdict {
    const inObjects = this.#damage(runs.parts);
    const isLater = rows.damage !== undefined && rows.damage.first <= (inObjects?.first ?? 0n);
    const damage = isLater ? undefined : inObjects;
    const tally = new UnreadTally();
    for (const [part, found] of this.#known(runs.parts)) {
      if (found.kind === "unread") tally.add(part, found.why, found.message);
    }
    const whole = this.#known(runs.parts).filter(([, { kind }]) => kind === "whole");
    const gone = this.#known(runs.gone);
    const told = gone.filter(([, { kind }]) => kind !== "unread").map(([part]) => part);
    const read = gone.filter(([, { kind }]) => kind === "whole").map(([part]) => part);
    const inArchive = rows.archived.flatMap((run) => without(run, read)).reduce(sum, 0n);
    const records = rows.archived.reduce(sum, 0n) - inArchive;
    const verdict = {
      ...rows,
      records: rows.records + Number(records),
      archived: rows.archived.flatMap((run) => without(run, told)),
      objects: whole.length,
      unread: tally.groups,
    };
    if (damage === undefined) return verdict;
    const anchored = least(rows.anchored, damage.first - 1n);
    return { ...verdict, damage, anchored, head: headBefore(damage, trusted) };
  }

  #known(parts: readonly ArchivedPart[]): (readonly [ArchivedPart, Found])[] {
    return parts.flatMap((part) => {
      const found = this.#found.get(part.key);
      return found === undefined ? [] : [[part, found]];
    });
  }

  /** The first one, in an object or between two. */
  #damage(parts: readonly ArchivedPart[]): Damage | undefined {
    let earliest: Damage | undefined;
    let before: PartEnds | undefined;
    for (const [, found] of this.#known(parts)) {
      const own = found.kind === "damaged" ? found.damage : undefined;
      const between = found.ends && orderDamage(before, found.ends);
      for (const each of [own, between]) {
        if (each !== undefined && each.first < (earliest?.first ?? each.first + 1n)) {
          earliest = each;
        }
      }
      before = found.ends ?? before;
    }
    return earliest;
  }
}

/** The last of the heads that a damage leaves true. */
export function headBefore({ first, cluster }: Damage, heads: readonly ChainHead[]): ChainHead {
  return heads
    .filter(({ sequence }) => sequence < first)
    .reduce<ChainHead>(
      (last, head) => (head.sequence > last.sequence ? head : last),
      genesis(cluster),
    );
}

/** The others take no time, and there may be thousands: they are no progress. */
function wasAsked(found: Found): boolean {
  return found.kind !== "unread" || (found.why !== "hot-only" && found.why !== "no-archive");
}

function foundOf(part: ArchivedPart, { manifest, ...look }: ObjectLook): Found {
  const ends = manifest && { ends: endsOf(manifest) };
  if (look.kind === "whole") return { kind: "whole", ...ends };
  if (look.kind === "unread") return { ...look, ...ends };
  const { message, what } = look;
  const { cluster, firstSequence: first, lastSequence: last } = part;
  const kind = what === "missing" ? "deleted" : "edited";
  const damage = look.damage ?? { kind, cluster, first, last };
  return { kind: "damaged", damage: { ...damage, message }, ...ends };
}

/** A manifest without its tags: there may be thousands of manifests. */
function endsOf({ cluster, firstSequence, lastSequence, previousHash, lastHash }: PartEnds) {
  return { cluster, firstSequence, lastSequence, previousHash, lastHash };
}

/** What of a run none of the parts has; they are in order. */
function without(run: MissingRun, parts: readonly ArchivedPart[]): MissingRun[] {
  const rest: MissingRun[] = [];
  let due = run.first;
  for (const { firstSequence, lastSequence } of parts) {
    if (lastSequence < due || firstSequence > run.last) continue;
    if (firstSequence > due) rest.push({ ...run, first: due, last: firstSequence - 1n });
    due = greatest(due, lastSequence + 1n);
  }
  if (due <= run.last) rest.push({ ...run, first: due });
  return rest;
}

function sum(total: bigint, { first, last }: MissingRun): bigint {
  return total + last - first + 1n;
}
