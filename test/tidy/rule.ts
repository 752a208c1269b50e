import type { Repository } from "./repository.ts";
import type { Violation } from "./violation.ts";

/** One rule of the house, as a function over the whole repository. */
export interface Rule {
  /** Its name in output and in the table of allowances; also the name of its file. */
  readonly name: string;
  /** The rule as a sentence. */
  readonly says: string;
  check(repository: Repository): Violation[];
}
