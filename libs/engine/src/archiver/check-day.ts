import { type ChainHead, headOf } from "@holdfast/core/audit/chain";
import { type Damage, lookAhead } from "@holdfast/core/audit/chain-damage";
import { ChainVerifier } from "@holdfast/core/audit/verify-chain";
import type { ClusterOfDay, Ledger, LedgerRow, NotDone } from "../ports/ledger.ts";
import type { DayParts } from "./archived-parts.ts";
import { eachPage } from "./day-rows.ts";
import { headBefore } from "./head-before.ts";
import { columnDamage, linkOf } from "./row-problem.ts";

/** Consecutive records of one day that no part holds yet. */
export interface Run {
  /** The head that the first one follows. */
  readonly before: ChainHead;
  readonly last: ChainHead;
}

/** What a cluster's day in the ledger is like. */
export type DayState =
  /** As it was written, as far as anybody can tell. `runs` by their sequences. */
  | { readonly kind: "sound"; readonly runs: readonly Run[] }
  | { readonly kind: "damaged"; readonly damage: Damage }
  /** Records are not there: they may be on their way still. */
  | { readonly kind: "incomplete"; readonly damage: Damage }
  /** Somebody dropped it while it was read. */
  | { readonly kind: "gone" }
  | NotDone;

/** Which day, and what is known of it. */
export interface DayToCheck {
  readonly day: string;
  /** As counted before its rows are read. */
  readonly counted: ClusterOfDay;
  readonly parts: DayParts;
}

/**
 * Verifies the rows of a cluster's day that are not archived yet, in the chain of the cluster:
 * records of other days stand between them where its clock went back.
 */
export async function checkDay(ledger: Ledger, day: DayToCheck): Promise<DayState> {
  return new DayCheck(ledger, day).run();
}

class DayCheck {
  readonly #ledger: Ledger;
  readonly #day: DayToCheck;
  readonly #runs: Run[] = [];
  #rows = 0;
  #lastSequence = 0n;
  #open: { readonly before: ChainHead; readonly verifier: ChainVerifier } | undefined;
  /** The first hole, which somebody may fill. */
  #hole: Damage | undefined;

  constructor(ledger: Ledger, day: DayToCheck) {
    this.#ledger = ledger;
    this.#day = day;
  }

  async run(): Promise<DayState> {
    const { day, counted } = this.#day;
    let found: DayState | undefined;
    const failure = await eachPage(
      this.#ledger,
      { cluster: counted.cluster, day },
      async (rows) => {
        for (const row of rows) {
          found = await this.#add(row);
          if (found !== undefined) return "enough";
        }
        return "more";
      },
    );
    const ended = failure ?? found ?? (await this.#close());
    if (ended !== undefined) return ended;
    if (this.#rows >= counted.rows && this.#hole === undefined) {
      return { kind: "sound", runs: this.#runs };
    }
    const now = await this.#ledger.days({ fromDay: day, toDay: day, limit: 1 });
    if (now.kind !== "days") return now;
    const there = now.days[0]?.clusters.find(({ cluster }) => cluster === counted.cluster);
    if (there === undefined || there.rows < counted.rows) return { kind: "gone" };
    if (this.#rows < counted.rows) return { kind: "damaged", damage: this.#lost() };
    return { kind: "incomplete", damage: this.#hole ?? this.#lost() };
  }

  async #add(row: LedgerRow): Promise<DayState | undefined> {
    this.#rows += 1;
    const wrong = columnDamage(row);
    if (wrong !== undefined) return { kind: "damaged", damage: wrong };
    if (this.#day.parts.find(row.sequence) !== undefined) return undefined;
    if (this.#open === undefined || row.sequence > this.#lastSequence + 1n) {
      const failure = (await this.#close()) ?? (await this.#begin(row));
      if (failure !== undefined) return failure;
    }
    this.#lastSequence = row.sequence;
    const damage = this.#open?.verifier.add(linkOf(row));
    return damage === undefined ? undefined : { kind: "damaged", damage };
  }

  async #begin({ sequence, previousHash }: LedgerRow): Promise<NotDone | undefined> {
    const { day, parts } = this.#day;
    const { cluster } = this.#day.counted;
    const found = await headBefore(this.#ledger, { cluster, day, parts }, sequence);
    if (found.kind !== "found" && found.kind !== "unknown") return found;
    if (found.kind === "unknown") this.#hole ??= missingBefore(cluster, sequence);
    const presumed = { cluster, sequence: sequence - 1n, hash: previousHash };
    const before = found.kind === "found" ? found.head : presumed;
    this.#open = { before, verifier: new ChainVerifier(before) };
    return undefined;
  }

  /**
   * Ends a run. The records behind it, of whatever day, tell what is wrong with its last ones; what
   * is wrong behind it is told with the day that it is of.
   */
  async #close(): Promise<DayState | undefined> {
    if (this.#open === undefined) return undefined;
    const { before, verifier } = this.#open;
    this.#open = undefined;
    const { cluster } = this.#day.counted;
    const fromSequence = this.#lastSequence + 1n;
    const page = await this.#ledger.chain({ cluster, fromSequence, limit: lookAhead });
    if (page.kind !== "page") return page;
    const last = headOf(verifier.head);
    for (const row of page.rows) verifier.add(linkOf(row));
    const damage = verifier.finish();
    if (damage !== undefined && damage.first <= this.#lastSequence) {
      return { kind: "damaged", damage };
    }
    this.#runs.push({ before, last });
    return undefined;
  }

  /** The ledger has counted more rows than there are. */
  #lost(): Damage {
    if (this.#hole !== undefined) return this.#hole;
    const { cluster, lastSequence, rows } = this.#day.counted;
    const first = this.#lastSequence + 1n;
    const last = lastSequence < first ? first : lastSequence;
    const message =
      `Records of cluster ${cluster} are missing in ${this.#day.day}: ${rows} were stored, ` +
      `${this.#rows} are there, the last one ${this.#lastSequence}.`;
    return { kind: "truncated-end", cluster, first, last, message };
  }
}

function missingBefore(cluster: string, sequence: bigint): Damage {
  const first = sequence - 1n;
  const message =
    `Record ${first} of cluster ${cluster} is neither in the ledger nor in the archive, ` +
    `and record ${sequence} is there.`;
  return { kind: "deleted", cluster, first, last: first, message };
}
