import type { Repository } from "./repository.ts";
import type { Violation } from "./violation.ts";

/** A violation for each line of any text file that `pattern` matches. */
export function matchingLines(
  repository: Repository,
  pattern: RegExp,
  say: (match: string) => Pick<Violation, "wrong" | "wayOut">,
): Violation[] {
  const found: Violation[] = [];
  for (const [path, text] of repository.files) {
    if (!pattern.test(text)) continue;
    for (const [index, line] of text.split("\n").entries()) {
      const match = pattern.exec(line)?.[0];
      if (match !== undefined) found.push({ path, line: index + 1, ...say(match.trim()) });
    }
  }
  return found;
}
