import { type Failure, failure } from "@holdfast/base/failure";
import type { Command } from "@holdfast/core/command/command";
import type { OutcomeOf } from "@holdfast/core/command/outcome";
import type { LockEvent } from "@holdfast/core/lock/lock-event";
import { globalRegion } from "@holdfast/core/lock/lock-id";
import type {
  AcquireManyOutcome,
  AcquireManyRequest,
  Call,
  ListPage,
  ListQuery,
  LockTier,
  WatchQuery,
} from "./ports/lock-tier.ts";

/**
 * The global tier behind a coordinator's door. Whoever asks it for a region's own lock is at the
 * wrong door, and must not be given a global lock of that name.
 */
export class CoordinatorTier implements LockTier {
  readonly #locks: LockTier;
  readonly #region: string;

  /** `region`: this coordinator's own. */
  constructor(locks: LockTier, region: string) {
    this.#locks = locks;
    this.#region = region;
  }

  async execute<C extends Command>(command: C, call: Call): Promise<OutcomeOf<C>> {
    const wrong = this.#wrongDoor(regionOf(command));
    return wrong === undefined ? this.#locks.execute(command, call) : (wrong as OutcomeOf<C>);
  }

  async list(query: ListQuery, call: Call): Promise<ListPage | Failure> {
    return this.#wrongDoor(query.region) ?? this.#locks.list(query, call);
  }

  async watch(
    query: WatchQuery,
    listener: (event: LockEvent) => void,
    call: Call,
  ): Promise<Failure | undefined> {
    return this.#wrongDoor(query.region) ?? this.#locks.watch(query, listener, call);
  }

  async acquireMany(request: AcquireManyRequest, call: Call): Promise<AcquireManyOutcome> {
    const stray = request.acquires.find(({ lock }) => lock.region !== globalRegion);
    return this.#wrongDoor(stray?.lock.region) ?? this.#locks.acquireMany(request, call);
  }

  #wrongDoor(region: string | undefined): Failure | undefined {
    if (region === undefined || region === globalRegion) return undefined;
    return failure(
      "INVALID_ARGUMENT",
      `This is a coordinator of ${this.#region}: it decides global locks, and those of region ` +
        `${JSON.stringify(region)} are decided by that region's routers.`,
      { field: "region" },
    );
  }
}

/** Undefined where leases name the regions. */
function regionOf(command: Command): string | undefined {
  if ("lock" in command) return command.lock.region;
  return command.kind === "open-session" ? command.region : undefined;
}
