import type { LocalAsking, ReleaseAsking } from "./delegated-asking.ts";

/** Tries to give back what nobody knows to have; later it ends with its session. */
const giveBacksMax = 3;

/** A grant to be given back, whatever comes of that. */
type Unwanted = Omit<ReleaseAsking, "answer">;

/** What telling those takes who got the lock. */
export interface TellingOptions {
  /** How long the delegation vouches for what it grants, in ms from now. */
  readonly vouchedMs: () => number;
  /** Gives a grant back before anything else. */
  readonly release: (asking: ReleaseAsking) => void;
}

/** Tells those who got the lock, and takes it back where nobody is left to be told. */
export class GrantTelling {
  readonly #options: TellingOptions;
  /** The token that a caller was told of last. */
  #told: bigint | undefined;

  constructor(options: TellingOptions) {
    this.#options = options;
  }

  tell(asking: LocalAsking, token: bigint): void {
    const validForMs = this.#options.vouchedMs();
    const { marker, request } = asking;
    if (asking.isOver()) {
      // A late copy takes nothing from a caller that was told: it may believe in it by now.
      const grant = { grantId: request.grantId, token, marker };
      if (this.#told !== token) this.#giveBack(grant, giveBacksMax);
      return;
    }
    if (validForMs > 0) this.#told = token;
    asking.answer(validForMs > 0 ? { kind: "granted", token, validForMs } : { kind: "unknown" });
  }

  /** Nobody knows that it has the lock, and nobody would give it back. */
  #giveBack(grant: Unwanted, tries: number): void {
    this.#options.release({
      ...grant,
      answer: ({ kind }) => {
        if (kind === "unknown" && tries > 1) this.#giveBack(grant, tries - 1);
      },
    });
  }
}
