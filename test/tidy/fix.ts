import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { readRepository, root } from "./read-repository.ts";
import { handWritten } from "./repository.ts";
import { wrapComments } from "./wrap-comments.ts";

// Mends what tidy complains about and a machine can mend: comments beyond the last column. With
// paths as arguments, only below those.

const below = process.argv.slice(2);
for (const module of handWritten(readRepository())) {
  if (below.length > 0 && !below.some((path) => module.path.startsWith(path))) continue;
  const mended = wrapComments(module);
  if (mended === module.text) continue;
  writeFileSync(resolve(root, module.path), mended);
  console.log(`wrapped comments of ${module.path}`);
}
