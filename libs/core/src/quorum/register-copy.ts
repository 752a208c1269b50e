/**
 * What a region keeps of one register, as the bytes that it stores: what is copied need not be
 * understood, and what a newer version wrote is not lost.
 */
export interface RegisterCopy {
  /** 0 to 4,095. */
  readonly slot: number;
  readonly namespace: string;
  readonly name: string;
  /** 16 bytes: the highest ballot promised. */
  readonly promised: Uint8Array;
  /** The accepted ballot, 16 bytes, and its value; absent: nothing was accepted. */
  readonly accepted?: Uint8Array;
}
