/** Something that no correct lock service could have shown its clients. */
export interface Violation {
  readonly checker: string;
  readonly lock: string;
  readonly atMs: number;
  readonly message: string;
  /** The tenures concerned. */
  readonly ops: readonly string[];
}
