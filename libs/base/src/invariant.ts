/**
 * A broken invariant: a bug in Holdfast, never a condition of the world. It is not to be caught.
 */
export class InvariantError extends Error {
  override readonly name = "InvariantError";
}

/** Stays on in production: going on with a broken invariant can give one lock to two owners. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}

/** Proves to the compiler that a switch covers every case. */
export function unreachable(value: never): never {
  throw new InvariantError(`unreachable: ${JSON.stringify(value)}`);
}
