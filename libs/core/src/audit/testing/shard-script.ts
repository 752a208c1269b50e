import type { Mode } from "../../lock/lock-id.ts";
import type { EndSeen, GapSeen, GrantSeen, Position, RegisterCopy } from "../safety-step.ts";

/** Writes the steps of one shard's history, each in a revision of its own. */
export class ShardScript {
  readonly #region: string;
  readonly #cluster: string;
  #revision = 100n;
  #index = 0;
  #indexBefore = 0;
  /** The lock that the steps are of. */
  lock = "orders";

  constructor(region = "us", cluster = `${region}-1`) {
    this.#region = region;
    this.#cluster = cluster;
  }

  /** A grant; with `copy`, by the register. */
  granted(
    grantId: string,
    token: number,
    mode: Mode = "exclusive",
    copy?: RegisterCopy,
  ): GrantSeen {
    return this.#grant("granted", grantId, token, mode, copy);
  }

  /** A grant that a re-read found. */
  found(grantId: string, token: number, mode: Mode = "exclusive", copy?: RegisterCopy): GrantSeen {
    return this.#grant("found", grantId, token, mode, copy);
  }

  /** The end of a grant; with `copy`, in the register. */
  ended(
    grantId: string,
    token: number,
    cause: EndSeen["cause"] = "released",
    copy?: RegisterCopy,
  ): EndSeen {
    const step = { ...this.#seen(), lock: this.lock, grantId, token: BigInt(token), cause };
    return { kind: "ended", ...step, ...(copy === undefined ? {} : { copy }) };
  }

  /** A gap of the whole shard, or of `lock`. */
  gap(lock?: string): GapSeen {
    return { kind: "gap", ...this.#seen(), ...(lock === undefined ? {} : { lock }) };
  }

  /** The same step in the revision of the step before it. */
  together<Step extends GrantSeen | EndSeen>(step: Step): Step {
    this.#revision--;
    this.#index = this.#indexBefore + 1;
    return { ...step, position: this.#position() };
  }

  #grant(
    kind: GrantSeen["kind"],
    grantId: string,
    token: number,
    mode: Mode,
    copy: RegisterCopy | undefined,
  ): GrantSeen {
    const step = { kind, ...this.#seen(), lock: this.lock, grantId, token: BigInt(token), mode };
    return { ...step, ...(copy === undefined ? {} : { copy }) };
  }

  #seen(): Pick<GrantSeen, "region" | "position" | "atMs"> {
    this.#revision++;
    this.#indexBefore = this.#index;
    this.#index = 0;
    const position = this.#position();
    return { region: this.#region, position, atMs: Number(position.revision) * 10 };
  }

  #position(): Position {
    return { cluster: this.#cluster, revision: this.#revision, index: this.#index };
  }
}

/** A token that a delegation under `counter` gives out; number 0 is the register's own. */
export function counted(counter: number, number = 0): number {
  return counter * 2 ** 20 + number;
}
