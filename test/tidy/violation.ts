/** One place where the repository breaks one of its rules. */
export interface Violation {
  /** Path from the root of the repository, with `/`. */
  readonly path: string;
  /** Line of the fault, from 1; 0 when the file as a whole is at fault. */
  readonly line: number;
  /** What is wrong, as the reader of the file would see it. */
  readonly wrong: string;
  /** What to do instead. */
  readonly wayOut: string;
}

/** `path:line  what is wrong`, and the way out on the next line. */
export function violationText(violation: Violation): string {
  const place = violation.line > 0 ? `${violation.path}:${violation.line}` : violation.path;
  return `${place}  ${violation.wrong}\n    way out: ${violation.wayOut}`;
}
