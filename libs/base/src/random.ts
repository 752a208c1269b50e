import { randomFillSync } from "node:crypto";

/** The only door through which randomness enters. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** `length` random bytes; secret where the implementation is {@link SystemRandom}. */
  bytes(length: number): Uint8Array;
}

/** Fetched from the machine at once: one call for a few bytes costs as much as for thousands. */
const poolBytes = 4096;

/** The machine's own randomness, fit for secrets. */
export class SystemRandom implements Random {
  readonly #pool = new Uint8Array(poolBytes);
  #used = poolBytes;

  next(): number {
    return Math.random();
  }

  bytes(length: number): Uint8Array {
    if (length > poolBytes) return randomFillSync(new Uint8Array(length));
    if (this.#used + length > poolBytes) {
      randomFillSync(this.#pool);
      this.#used = 0;
    }
    // A copy: what was given out once must not be seen, or changed, through the pool.
    const bytes = this.#pool.slice(this.#used, this.#used + length);
    this.#used += length;
    return bytes;
  }
}

/**
 * Mulberry32: small, fast, the same on every machine; for simulations and tests, never for secrets.
 * Source: Tommy Ettinger, 2017, public domain.
 */
export class SeededRandom implements Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let index = 0; index < length; index++) bytes[index] = Math.floor(this.next() * 256);
    return bytes;
  }
}

/** Uniform integer in [0, bound). */
export function integerBelow(random: Random, bound: number): number {
  return Math.floor(random.next() * bound);
}

/** 128 random bits as 22 characters of base64url. */
export function randomId(random: Random): string {
  return Buffer.from(random.bytes(16)).toString("base64url");
}

/** A version 4 UUID (RFC 9562). */
export function randomUuid(random: Random): string {
  const bytes = random.bytes(16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Buffer.from(bytes).toString("hex");
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
  return `${parts.join("-")}-${hex.slice(20)}`;
}
