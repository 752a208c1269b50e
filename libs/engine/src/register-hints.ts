import type { Timer } from "@holdfast/base/clock";
import { decodeAccepted } from "@holdfast/core/quorum/register-codec";
import { registerKeys } from "@holdfast/core/quorum/register-keys";
import type { GlobalContext } from "./global-context.ts";
import { isSite, locate } from "./local-context.ts";
import type { Watch, WatchEvent } from "./ports/shard-store.ts";
import type { GlobalLockId } from "./ports/voting-region.ts";

const retryMs = 500;

/**
 * Watches this region's own vote of a register. What it tells is a hint and no more: the region may
 * have missed what the two others chose, or show what was never chosen [H7].
 */
export class RegisterHints {
  readonly #context: GlobalContext;
  readonly #lock: GlobalLockId;
  readonly #onHint: (version?: number) => void;
  #run = 0;
  #watch: Watch | undefined;
  #timer: Timer | undefined;

  /** `onHint` hears the version of a value that was accepted, where that is what happened. */
  constructor(context: GlobalContext, lock: GlobalLockId, onHint: (version?: number) => void) {
    this.#context = context;
    this.#lock = lock;
    this.#onHint = onHint;
  }

  start(): void {
    this.stop();
    void this.#begin(this.#run);
  }

  stop(): void {
    this.#run++;
    this.#watch?.cancel();
    this.#watch = undefined;
    this.#timer?.cancel();
  }

  async #begin(run: number): Promise<void> {
    const { namespace, name } = this.#lock;
    const { local, region } = this.#context;
    const site = locate(local, { region, namespace, name });
    if (!isSite(site)) return this.#again(run);
    const { accepted, live } = registerKeys(site.slot, namespace, name);
    const reply = await site.shard.store.range({ kind: "range", key: accepted, keysOnly: true });
    if (run !== this.#run) return;
    if (reply.kind !== "read") return this.#again(run);
    this.#watch = site.shard.store.watch(
      // The accepted value and the liveness of grants lie side by side; the promise does not.
      { key: accepted, rangeEnd: live.end, startRevision: reply.revision + 1n },
      { onEvents: (_, events) => this.#tell(events), onEnd: () => this.#again(run) },
    );
    this.#onHint();
  }

  #tell(events: readonly WatchEvent[]): void {
    const values = events.flatMap(({ kind, kv }) => {
      const accepted = kind === "put" ? decodeAccepted(kv.value) : undefined;
      return accepted === undefined ? [] : [accepted.value];
    });
    const [value] = values;
    if (value !== undefined) this.#onHint(value.version);
    // The liveness of a grant comes with a value, and goes by itself.
    else if (events.some(({ kind }) => kind === "delete")) this.#onHint();
  }

  #again(run: number): void {
    if (run !== this.#run) return;
    const { clock } = this.#context.surroundings;
    this.#timer = clock.schedule(retryMs, () => {
      if (run === this.#run) void this.#begin(run);
    });
  }
}
