import type { LocalReply, ReleaseStep } from "@holdfast/core/delegation/local-step";
import type {
  CancelAnswer,
  CancelAsking,
  LocalAsking,
  ReleaseAnswer,
  ReleaseAsking,
} from "./delegated-asking.ts";
import type { DelegatedSteps } from "./delegated-steps.ts";

/** What the shard's reply to a release comes to, with what was to be done along with it. */
export function releaseAnswer(
  reply: LocalReply | undefined,
  next: ReleaseStep["next"],
): ReleaseAnswer {
  if (reply?.kind !== "released") return { kind: "unknown" };
  const { found, refused, isNextDone } = reply;
  const handedOver = next?.kind === "hand-over" && isNextDone;
  return { kind: "released", found, refused, handedOver };
}

/** As the shard is asked for it, `next` along with it. */
export function releaseStep(
  { grantId, token, marker }: ReleaseAsking,
  next: ReleaseStep["next"],
): ReleaseStep {
  const known = marker === undefined ? { grantId, token } : { grantId, token, marker };
  return { kind: "release", ...known, ...(next && { next }) };
}

/** Gives a request up in the shard; one that has the lock goes on to `release`. */
export function cancelIn(
  steps: DelegatedSteps,
  { grantId, marker, isWithdrawal, answer }: CancelAsking,
  release: (asking: ReleaseAsking) => void,
): void {
  const grant = marker === undefined ? { grantId } : { grantId, marker };
  // Beside all other steps: it changes nothing about who has the lock.
  steps.beside({ kind: "cancel", ...grant }, (reply) => {
    const found = answerIn(reply, isWithdrawal === true);
    if (found.kind !== "held") {
      answer(found);
      return;
    }
    const { token, refused } = found;
    release({
      ...grant,
      token,
      answer: ({ kind }) => {
        answer(kind === "unknown" ? { kind } : { kind: "cancelled", found: true, refused });
      },
    });
  });
}

/** `held`: it must be released to lose the lock. */
function answerIn(
  reply: LocalReply | undefined,
  isWithdrawal: boolean,
): CancelAnswer | { readonly kind: "held"; readonly token: bigint; readonly refused: boolean } {
  if (reply?.kind !== "cancelled") return { kind: "unknown" };
  const { found, refused, holder } = reply;
  if (holder === undefined) return { kind: "cancelled", found, refused };
  const { token } = holder;
  return isWithdrawal ? { kind: "granted", token } : { kind: "held", token, refused };
}

/**
 * Nothing is taken back where nobody is left to be told: a copy of the request may have been told
 * by another coordinator that looked into the shard. `vouchedMs`: see {@link LocalAnswer}.
 */
export function tellGrant(asking: LocalAsking, token: bigint, vouchedMs: number): void {
  if (asking.isOver()) return;
  const granted = { kind: "granted", token, validForMs: vouchedMs } as const;
  asking.answer(vouchedMs > 0 ? granted : { kind: "unknown" });
}
