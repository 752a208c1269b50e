import type { GrantId } from "@holdfast/base/ids";
import type { Mode } from "@holdfast/core/lock/lock-id";
import { decodeAccepted } from "@holdfast/core/quorum/register-codec";
import { lockOfAccepted, parseGrantKey } from "@holdfast/core/quorum/register-keys";
import type { Fate, GlobalHolder } from "@holdfast/core/quorum/register-value";
import type { WatchEvent } from "@holdfast/engine/ports/shard-store";
import type { BeliefEntry, ToldEntry } from "@holdfast/simulator/history/history";
import { HistoryRecorder } from "@holdfast/simulator/history/history-recorder";
import type { Violation } from "@holdfast/simulator/history/run";
import type { Simulation } from "@holdfast/simulator/kernel/simulation";
import { type DelegatedListener, DelegatedTruth } from "./delegated-truth.ts";
import { regionOf } from "./global-names.ts";
import { RegisterTruth, requestOfHolder, type TruthListener } from "./register-truth.ts";

type Untimed = Parameters<HistoryRecorder["add"]>[0];

/** Why a caller was not given its lock, as far as it was told. */
export interface Denial {
  readonly what: string;
  /** Nothing of the request may be true now, or come true. */
  readonly isDefinite: boolean;
}

interface Believer {
  readonly request: string;
  readonly grantId: string;
  readonly mode: Mode;
}

const violationsMax = 20;

/**
 * Watches everything in true time as it happens: what two regions have accepted, what clients are
 * told and what they believe.
 */
export class GlobalRecorder extends HistoryRecorder implements TruthListener, DelegatedListener {
  readonly violations: Violation[] = [];
  readonly registers = new Map<string, RegisterTruth>();
  readonly delegated = new DelegatedTruth(this);
  readonly figures = {
    grants: 0,
    delegated: 0,
    promotions: 0,
    takeovers: 0,
    forced: 0,
    denials: 0,
    beliefs: 0,
  };
  /** Keys of liveness, of holders and of places by delegation, in all regions. */
  readonly live = new Set<string>();
  /**
   * Looks before anything is judged: what ran out silently a moment ago is not believed any more.
   */
  look: () => void = () => {};
  /** Hears of every entry. */
  onEntry: (entry: Untimed) => void = () => {};
  /**
   * A caller that had not given up was told that others have the lock, or cancelled its request.
   */
  refused: (request: string, what: string) => void = () => {};
  /** The register took the lock from a holder that it found dead. */
  lost: (request: string) => void = () => {};
  readonly #simulation: Simulation;
  readonly #believers = new Map<string, Believer[]>();
  readonly #denied = new Map<string, Denial>();
  /** Grants that must not hold, and who said so. */
  readonly #refused = new Map<string, string>();
  readonly #forced = new Set<string>();
  /** Operators' commands that may be under way, by lock. */
  readonly #forcing = new Map<string, number>();
  /** The highest token that somebody believed in, by lock. */
  readonly #tokens = new Map<string, bigint>();
  readonly #toldGrants = new Set<string>();

  constructor(simulation: Simulation) {
    super(simulation);
    this.#simulation = simulation;
  }

  register(lock: string): RegisterTruth {
    let register = this.registers.get(lock);
    if (register === undefined) {
      register = new RegisterTruth(lock, this);
      this.registers.set(lock, register);
    }
    return register;
  }

  /** Who acts on the lock now. */
  believers(lock: string): readonly Believer[] {
    return this.#believers.get(lock) ?? [];
  }

  override add(entry: Untimed): void {
    super.add(entry);
    this.onEntry(entry);
    if (entry.kind === "belief") this.#believed(entry);
    else if (entry.kind === "told") this.#told(entry);
  }

  override stored(shard: string, revision: number, events: readonly WatchEvent[]): void {
    const keys = events.map(({ kind, kv }) => `${kind === "put" ? "+" : "-"}${kv.key}`);
    this.note("stored", shard, String(revision), ...keys.map((key) => key.replace("\0", "")));
    this.delegated.stored(regionOf(shard), events);
    for (const { kind, kv } of events) {
      const lock = lockOfAccepted(kv.key);
      if (parseGrantKey(kv.key) !== undefined) this.#live(shard, kind, kv.key);
      if (lock === undefined || kind !== "put") continue;
      const accepted = decodeAccepted(kv.value);
      if (accepted === undefined) this.broken("codec", `${kv.key} cannot be read`);
      else {
        const name = `${lock.namespace}/${lock.name}`;
        this.register(name).accepted(regionOf(shard), accepted, kv.value);
      }
    }
  }

  /** A caller was told that it has not got the lock. */
  denied(lock: string, request: string, denial: Denial): void {
    this.figures.denials++;
    this.note("denied", request, denial.what);
    if (!denial.isDefinite) return;
    this.#denied.set(request, denial);
    const holder = this.#holders(lock).find((it) => requestOfHolder(it) === request);
    // A client that was told of a grant too late to use it cancels it, and may have asked anew.
    const isKnown = holder !== undefined && this.#toldGrants.has(holder.grantId);
    if (holder !== undefined && !isKnown)
      this.broken("denied-and-held", `${request}: ${denial.what}`);
  }

  /** A caller was told that its lock was given back. */
  released(lock: string, request: string, grantId: string): void {
    this.#refuse(lock, grantId, `${request} was told released`);
  }

  granted(_lock: string, holder: GlobalHolder, fromLine: boolean): void {
    this.figures.grants++;
    if (fromLine) this.figures.promotions++;
    this.#checkGrant(holder);
  }

  /** `delegation`: the one it was granted under. */
  delegatedGrant(_lock: string, holder: GlobalHolder, delegation: GrantId | undefined): void {
    this.figures.delegated++;
    // Taken away by force, a delegation goes on until its region has heard of it.
    if (delegation !== undefined && this.#forced.has(delegation)) this.#forced.add(holder.grantId);
    this.#checkGrant(holder);
  }

  delegatedEnd(lock: string, holder: GlobalHolder): void {
    if (this.#forcing.has(lock)) {
      this.figures.forced++;
      this.#forced.add(holder.grantId);
      return;
    }
    this.#checkEnd(lock, holder, "gone from its region's shard");
  }

  /** An operator takes the lock away; resolves what ends meanwhile as forced. */
  forcing(lock: string, isOver: boolean): void {
    const underWay = (this.#forcing.get(lock) ?? 0) + (isOver ? -1 : 1);
    if (underWay > 0) this.#forcing.set(lock, underWay);
    else this.#forcing.delete(lock);
  }

  #checkGrant(holder: GlobalHolder): void {
    const request = requestOfHolder(holder);
    const denial = this.#denied.get(request);
    if (denial !== undefined) this.broken("denied-then-granted", `${request}: ${denial.what}`);
    const refusal = this.#refused.get(holder.grantId);
    if (refusal !== undefined) this.broken("ended-then-granted", refusal);
  }

  ended(lock: string, holder: GlobalHolder, fate: Fate | undefined): void {
    if (fate === "lost") {
      this.figures.takeovers++;
      this.lost(requestOfHolder(holder));
    }
    if (fate === "forced") {
      this.figures.forced++;
      this.#forced.add(holder.grantId);
      const under = this.delegated.holderIn(holder.region, lock);
      if (holder.delegation && under !== undefined) this.#forced.add(under.grantId);
      return;
    }
    this.#checkEnd(lock, holder, String(fate));
    const under = holder.delegation && this.delegated.holderIn(holder.region, lock);
    if (under) this.#checkEnd(lock, under, `under a delegation that is ${fate}`);
  }

  #checkEnd(lock: string, { grantId }: GlobalHolder, how: string): void {
    this.look();
    const believer = this.believers(lock).find((each) => each.grantId === grantId);
    if (believer === undefined || this.#forced.has(grantId)) return;
    this.broken("belief-truth", `${lock}: ${believer.request} believes, and its grant is ${how}`);
  }

  broken(checker: string, message: string): void {
    this.note("VIOLATION", checker, message);
    if (this.violations.length >= violationsMax) return;
    this.violations.push({ checker, atMs: this.#simulation.nowMs, message });
  }

  #believed({ lock, request, grantId, mode, token, believes }: Omit<BeliefEntry, "atMs">): void {
    const others = this.believers(lock).filter((each) => each.grantId !== grantId);
    this.#believers.set(lock, others);
    if (!believes) return;
    this.figures.beliefs++;
    this.look();
    for (const other of this.believers(lock)) {
      const isExcluded = mode === "exclusive" || other.mode === "exclusive";
      if (isExcluded && !this.#forced.has(other.grantId) && !this.#forced.has(grantId)) {
        this.broken("belief-overlap", `${lock}: ${request} believes beside ${other.request}`);
      }
    }
    this.#believers.set(lock, [...this.believers(lock), { request, grantId, mode }]);
    const isForced = this.#forced.has(grantId);
    this.#checkToken(lock, request, mode, token, isForced);
    if (!this.#isGranted(lock, grantId as GrantId, token)) {
      this.broken("told-true", `${lock}: ${request} believes in token ${token}, never chosen`);
    } else if (this.#holder(lock, grantId as GrantId) === undefined && !isForced) {
      this.broken("belief-truth", `${lock}: ${request} begins to believe, and does not hold`);
    }
  }

  /** Tokens rise over those who believed, whoever gave them out. */
  #checkToken(lock: string, request: string, mode: Mode, token: bigint, isForced: boolean): void {
    const highest = this.#tokens.get(lock) ?? 0n;
    if (token > highest) this.#tokens.set(lock, token);
    else if (token < highest && mode === "exclusive" && !isForced) {
      this.broken("tokens-rise", `${lock}: ${request} has token ${token} after ${highest}`);
    }
  }

  #isGranted(lock: string, grantId: GrantId, token: bigint): boolean {
    const chosen = this.register(lock).tokenOf(grantId);
    return chosen === token || this.delegated.wasGranted(grantId, token);
  }

  #holder(lock: string, grantId: GrantId): GlobalHolder | undefined {
    return this.#holders(lock).find((each) => each.grantId === grantId);
  }

  /** Who has the lock, by the register or by the shard of the region it is delegated to. */
  #holders(lock: string): readonly GlobalHolder[] {
    const { holders } = this.register(lock).value;
    const [first] = holders;
    if (!first?.delegation) return holders;
    const holder = this.delegated.holderIn(first.region, lock);
    return holder === undefined ? [] : [holder];
  }

  #told({ what, lock, grantId, token }: Omit<ToldEntry, "atMs">): void {
    if (what === "granted") {
      this.#toldGrants.add(grantId);
      if (this.#isGranted(lock, grantId as GrantId, token)) return;
      this.broken("told-true", `${lock}: ${grantId} was told token ${token}, never chosen`);
      return;
    }
    this.#refuse(lock, grantId, `${lock}: ${grantId} was told ${what}`);
  }

  #refuse(lock: string, grantId: string, why: string): void {
    this.#refused.set(grantId, why);
    const holder = this.#holder(lock, grantId as GrantId);
    if (holder !== undefined) this.broken("ended-and-held", `${why}: ${requestOfHolder(holder)}`);
  }

  #live(shard: string, kind: "put" | "delete", key: string): void {
    if (kind === "put") this.live.add(`${shard} ${key}`);
    else this.live.delete(`${shard} ${key}`);
  }
}
