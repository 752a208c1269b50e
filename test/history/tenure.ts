import { invariant } from "@holdfast/base/invariant";
import type { Mode } from "@holdfast/core/lock/lock-id";
import type { AcquireResult, HistoryEvent, InvokeEvent } from "./history-event.ts";

/** One acquire and what became of its grant. Times without an answer are infinite. */
export interface Tenure {
  readonly op: string;
  readonly client: string;
  readonly lock: string;
  readonly mode: Mode;
  readonly waitMs: number;
  readonly invokeMs: number;
  readonly returnMs: number;
  readonly result: AcquireResult;
  /** Of a grant; 0 otherwise. */
  readonly token: bigint;
  /** The last moment at which the client could have used it. From here on it may end. */
  readonly believedUntilMs: number;
  /** By then the grant had certainly ended. */
  readonly endedMs: number;
  /** The release itself, where one was called while the lock was believed in. */
  readonly release: { readonly invokeMs: number; readonly returnMs: number } | undefined;
}

/** Gathers the events of each tenure. */
class Draft {
  readonly invoke: InvokeEvent;
  returnMs = Number.POSITIVE_INFINITY;
  result: AcquireResult = "unknown";
  token = 0n;
  seenMs = 0;
  untilMs = Number.POSITIVE_INFINITY;
  believedUntilMs = Number.POSITIVE_INFINITY;
  releaseMs = Number.POSITIVE_INFINITY;
  endedMs = Number.POSITIVE_INFINITY;

  constructor(invoke: InvokeEvent) {
    this.invoke = invoke;
  }

  /**
   * A client that was told late (its process stood still) did not use the lock past the deadline
   * it knew, unless it was seen to be sure of it still.
   */
  endBelief(atMs: number): void {
    const lastMs = Math.max(this.seenMs, Math.min(atMs, this.untilMs));
    this.believedUntilMs = Math.min(this.believedUntilMs, lastMs);
  }

  tenure(): Tenure {
    const { client, op, lock, mode, waitMs, atMs } = this.invoke;
    const { result, token, believedUntilMs, returnMs, endedMs } = this;
    const release = Number.isFinite(this.releaseMs)
      ? { invokeMs: this.releaseMs, returnMs: endedMs }
      : undefined;
    const asked = { op, client, lock, mode, waitMs, invokeMs: atMs };
    return { ...asked, returnMs, result, token, believedUntilMs, endedMs, release };
  }
}

/** The tenures of a history, in the order they were begun. */
export function tenuresOf(events: readonly HistoryEvent[]): Tenure[] {
  const drafts = new Map<string, Draft>();
  const find = (op: string): Draft => {
    const draft = drafts.get(op);
    invariant(draft !== undefined, `the history of ${op} begins with its invocation`);
    return draft;
  };
  for (const event of events) {
    if (event.kind === "invoke") {
      invariant(!drafts.has(event.op), `${event.op} is invoked once`);
      drafts.set(event.op, new Draft(event));
    } else if (event.kind === "died") {
      for (const draft of drafts.values()) {
        if (draft.invoke.client === event.client) draft.endBelief(event.atMs);
      }
    } else if ("op" in event && event.kind !== "write") apply(find(event.op), event);
  }
  return [...drafts.values()].map((draft) => draft.tenure());
}

interface NotOfTenures {
  readonly kind: "invoke" | "died" | "fault" | "write" | "lease-ended";
}

function apply(draft: Draft, event: Exclude<HistoryEvent, NotOfTenures>): void {
  switch (event.kind) {
    case "return":
      draft.returnMs = event.atMs;
      draft.seenMs = event.atMs;
      draft.result = event.result;
      draft.token = BigInt(event.token ?? "0");
      break;
    case "believes":
      draft.seenMs = event.atMs;
      draft.untilMs = event.untilMs;
      break;
    case "voided":
      draft.believedUntilMs = Math.min(draft.believedUntilMs, event.atMs);
      break;
    case "lost":
      draft.endBelief(event.atMs);
      break;
    case "release":
      draft.endBelief(event.atMs);
      draft.releaseMs = event.atMs;
      break;
    case "released":
      if (event.result !== "unknown") draft.endedMs = event.atMs;
  }
}
