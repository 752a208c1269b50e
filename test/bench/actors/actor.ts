/**
 * What runs in a process of its own, so that it shares neither heap nor core with what it measures.
 */
export interface Actor {
  /** Carries out one request of the parent process; arguments and answers are plain JSON. */
  perform(request: unknown): Promise<unknown>;
  close(): Promise<void>;
}

/** What a request came to. */
export type ActorReply =
  | { readonly kind: "ready" }
  | { readonly kind: "answer"; readonly value: unknown }
  | { readonly kind: "failed"; readonly reason: string };
