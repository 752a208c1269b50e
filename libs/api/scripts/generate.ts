import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, relative } from "node:path";

// Turns libs/api/proto into libs/api/src/generated, with nothing but the npm packages of buf and
// ts-proto: no network. `--check` changes nothing and fails if the committed code is not exactly
// what the proto files give, for then the wire and its documentation have drifted apart.

const root = join(import.meta.dirname, "../../..");
const generated = "libs/api/src/generated";
const binaries = [join(root, "node_modules/node/bin"), join(root, "node_modules/.bin")];

/** Runs buf with the repository's own plugins on the path, and Node 24 to run them. */
function buf(...args: string[]): void {
  const path = [...binaries, process.env.PATH ?? ""].join(delimiter);
  execFileSync("buf", args, { cwd: root, stdio: "inherit", env: { ...process.env, PATH: path } });
}

/** The generated files, by their path below `folder`. */
function contents(folder: string): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(relative(folder, path), readFileSync(path));
  }
  return files;
}

/** Paths that are only in one of the two, or differ. */
function differences(left: Map<string, Buffer>, right: Map<string, Buffer>): string[] {
  const paths = new Set([...left.keys(), ...right.keys()]);
  return [...paths].filter((path) => {
    const bytes = left.get(path);
    const others = right.get(path);
    return bytes === undefined || others === undefined || !bytes.equals(others);
  });
}

const scratch = mkdtempSync(join(tmpdir(), "holdfast-generate-"));
try {
  buf("generate", "--output", scratch);
  const fresh = join(scratch, generated);
  // What reflection serves.
  const image = join(fresh, "descriptors.binpb");
  buf("build", "--as-file-descriptor-set", "--exclude-source-info", "--output", image);
  if (process.argv.includes("--check")) {
    const different = differences(contents(join(root, generated)), contents(fresh));
    for (const path of different) {
      console.error(`${generated}/${path} is not what libs/api/proto gives.`);
    }
    if (different.length > 0) {
      console.error("Run `npm run generate -w libs/api` and commit the result.");
      process.exitCode = 1;
    }
  } else {
    rmSync(join(root, generated), { recursive: true, force: true });
    cpSync(fresh, join(root, generated), { recursive: true });
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
