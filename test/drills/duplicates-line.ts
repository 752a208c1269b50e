import type { DuplicatesResult } from "./duplicates.ts";

/** What a drill of copies came to, for people. */
export function duplicatesLine({ requests, copies, granted, problems }: DuplicatesResult): string {
  const counts = `${requests} requests in ${copies} copies, ${granted} granted`;
  return [`duplicates: ${counts}, ${problems.length} problems`, ...problems.slice(0, 10)].join(
    "\n",
  );
}
