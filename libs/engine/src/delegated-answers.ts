import type { LocalReply, ReleaseStep } from "@holdfast/core/delegation/local-step";
import type {
  CancelAnswer,
  CancelAsking,
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
