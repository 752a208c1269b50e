import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";

const packages = ["base", "core", "api", "client"];

/** Every module specifier of a declaration file, with what stands before and after it. */
const specifiers = /((?:from|import)\s*\(?\s*")([^"]+)(")/g;

/**
 * Writes the type declarations that `entries` (paths below libs/client/src, without suffix) need
 * into `target`, with the internal packages' own beside them: users have no @holdfast/core to
 * import from.
 */
export function writeDeclarations(root: string, entries: readonly string[], target: string): void {
  const scratch = mkdtempSync(join(tmpdir(), "holdfast-types-"));
  try {
    emit(root, scratch);
    const done = new Set<string>();
    const waiting = entries.map((entry) => join("client/src", `${entry}.d.ts`));
    for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
      if (done.has(path)) continue;
      done.add(path);
      const file = path;
      const text = readFileSync(join(scratch, file), "utf8");
      const mended = text.replace(specifiers, (_all, before, specifier, after) => {
        const found = internalFile(file, specifier);
        if (found === undefined) return `${before}${specifier}${after}`;
        if (!existsSync(join(scratch, found))) throw new Error(`${file} imports ${specifier}`);
        waiting.push(found);
        return `${before}${relativeModule(file, found)}${after}`;
      });
      mkdirSync(dirname(join(target, file)), { recursive: true });
      writeFileSync(join(target, file), mended);
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Emits the declarations of all internal packages, laid out as below libs/. */
function emit(root: string, outDir: string): void {
  const config = join(outDir, "tsconfig.json");
  const compilerOptions = {
    declaration: true,
    emitDeclarationOnly: true,
    noEmit: false,
    rootDir: join(root, "libs"),
    outDir,
  };
  const include = packages.map((name) => join(root, "libs", name, "src/**/*.ts"));
  const exclude = [join(root, "libs/**/*.test.ts")];
  const typeRoots = [join(root, "node_modules/@types")];
  const settings = {
    extends: join(root, "tsconfig.json"),
    compilerOptions: { ...compilerOptions, typeRoots },
    include,
    exclude,
  };
  writeFileSync(config, JSON.stringify(settings));
  execFileSync(join(root, "node_modules/.bin/tsc"), ["-p", config], { stdio: "inherit" });
}

/** The declaration file a specifier in `file` names, if it is one of ours. */
function internalFile(file: string, specifier: string): string | undefined {
  const internal = /^@holdfast\/([a-z]+)\/(.+)$/.exec(specifier);
  if (internal !== null) return `${internal[1]}/src/${internal[2]}.d.ts`;
  if (!specifier.startsWith(".")) return undefined;
  return join(dirname(file), specifier.replace(/\.ts$/, ".d.ts"));
}

function relativeModule(from: string, to: string): string {
  const path = relative(dirname(from), to.replace(/\.d\.ts$/, ".js"));
  return path.startsWith(".") ? path : `./${path}`;
}
