import type { Timer } from "@holdfast/base/clock";
import type { GrantId } from "@holdfast/base/ids";
import { decodeAccepted } from "@holdfast/core/quorum/register-codec";
import { lockOfAccepted, parseGrantKey, registerKeys } from "@holdfast/core/quorum/register-keys";
import type { RegisterValue } from "@holdfast/core/quorum/register-value";
import type { GlobalContext } from "./global-context.ts";
import { isSite, locate } from "./local-context.ts";
import type { Watch, WatchEvent } from "./ports/shard-store.ts";
import type { GlobalLockId } from "./ports/voting-region.ts";

const retryMs = 500;

/** Who is told what the region's own shard shows of a lock. */
export interface HintListener {
  /** A value was accepted here. */
  onValue?(value: RegisterValue): void;
  /** Something else changed, or may have: the liveness of a grant ended, the watch began anew. */
  onDoubt?(): void;
  /** A holder by delegation has the lock no more. */
  onHolderGone?(grantId: GrantId): void;
}

/**
 * Watches this region's own vote of a register. What it tells is a hint and no more: the region may
 * have missed what the two others chose, or show what was never chosen [H7].
 */
export class RegisterHints {
  readonly #context: GlobalContext;
  readonly #lock: GlobalLockId;
  readonly #listener: HintListener;
  #run = 0;
  #watch: Watch | undefined;
  #timer: Timer | undefined;

  constructor(context: GlobalContext, lock: GlobalLockId, listener: HintListener) {
    this.#context = context;
    this.#lock = lock;
    this.#listener = listener;
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
      // The accepted value, holders by delegation and the liveness of grants lie side by side; the
      // promise does not.
      { key: accepted, rangeEnd: live.end, startRevision: reply.revision + 1n },
      { onEvents: (_, events) => this.#tell(events), onEnd: () => this.#again(run) },
    );
    this.#listener.onDoubt?.();
  }

  #tell(events: readonly WatchEvent[]): void {
    let isLivenessGone = false;
    let hasValue = false;
    for (const { kind, kv } of events) {
      const value = kind === "put" ? valueIn(kv) : undefined;
      if (value !== undefined) {
        hasValue = true;
        this.#listener.onValue?.(value);
      }
      const gone = kind === "delete" ? parseGrantKey(kv.key) : undefined;
      if (gone?.kind === "h") this.#listener.onHolderGone?.(gone.grantId);
      isLivenessGone ||= gone?.kind === "l";
    }
    // The liveness of a grant comes with a value, and goes by itself.
    if (isLivenessGone && !hasValue) this.#listener.onDoubt?.();
  }

  #again(run: number): void {
    if (run !== this.#run) return;
    const { clock } = this.#context.surroundings;
    this.#timer = clock.schedule(retryMs, () => {
      if (run === this.#run) void this.#begin(run);
    });
  }
}

function valueIn({ key, value }: WatchEvent["kv"]): RegisterValue | undefined {
  return lockOfAccepted(key) === undefined ? undefined : decodeAccepted(value)?.value;
}
