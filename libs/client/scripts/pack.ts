import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { rolldown } from "rolldown";
import { writeDeclarations } from "./declarations.ts";

// Makes the npm package of the SDK: `node scripts/pack.ts [folder for the tarball]`. Users' Node
// strips no types below node_modules and knows none of our internal packages, so both are compiled
// in; what comes from other people stays a dependency. Prints the tarball's path.

const root = join(import.meta.dirname, "../../..");
const home = join(import.meta.dirname, "..");
const dist = join(home, "dist");
const entries = ["index", "testing"];

const manifest = JSON.parse(readFileSync(join(home, "package.json"), "utf8"));
const api = JSON.parse(readFileSync(join(root, "libs/api/package.json"), "utf8"));

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });

const bundle = await rolldown({
  input: Object.fromEntries(entries.map((name) => [name, join(home, `src/${name}.ts`)])),
  external: [/^@grpc\/grpc-js/, /^@bufbuild\/protobuf/, /^node:/],
  platform: "node",
});
await bundle.write({ dir: dist, format: "esm", chunkFileNames: "shared-[hash].js" });
await bundle.close();

writeDeclarations(root, entries, join(dist, "types"));

const published = {
  name: manifest.name,
  version: manifest.version,
  description: "Distributed locks with fencing tokens: the SDK of Holdfast",
  license: manifest.license,
  type: "module",
  sideEffects: false,
  engines: { node: ">=20.12" },
  exports: Object.fromEntries(
    entries.map((name) => [
      name === "index" ? "." : `./${name}`,
      { types: `./types/client/src/${name}.d.ts`, default: `./${name}.js` },
    ]),
  ),
  dependencies: {
    "@bufbuild/protobuf": api.dependencies["@bufbuild/protobuf"],
    "@grpc/grpc-js": manifest.dependencies["@grpc/grpc-js"],
  },
};
writeFileSync(join(dist, "package.json"), `${JSON.stringify(published, undefined, 2)}\n`);
cpSync(join(home, "README.md"), join(dist, "README.md"));
cpSync(join(root, "LICENSE"), join(dist, "LICENSE"));

const target = resolve(process.argv[2] ?? dist);
const printed = execFileSync("npm", ["pack", "--json", "--pack-destination", target], {
  cwd: dist,
  encoding: "utf8",
});
const [{ filename }] = JSON.parse(printed) as [{ readonly filename: string }];
console.log(join(target, filename));
