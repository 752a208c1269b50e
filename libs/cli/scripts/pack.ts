import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { rolldown } from "rolldown";

// Makes the npm package of the command line: `node scripts/pack.ts [folder for the tarball]`. As
// with the SDK, users' Node strips no types below node_modules and knows none of our internal
// packages, so both are compiled in, the SDK too. Prints the tarball's path.

const root = join(import.meta.dirname, "../../..");
const home = join(import.meta.dirname, "..");
const stage = join(home, "dist");

const manifestOf = (folder: string) =>
  JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
const manifest = manifestOf(home);
const client = manifestOf(join(root, "libs/client"));
const api = manifestOf(join(root, "libs/api"));
const dependencies: Record<string, string> = {
  "@bufbuild/protobuf": api.dependencies["@bufbuild/protobuf"],
  "@grpc/grpc-js": client.dependencies["@grpc/grpc-js"],
  commander: manifest.dependencies.commander,
};

rmSync(stage, { recursive: true, force: true });
mkdirSync(join(stage, "bin"), { recursive: true });

const bundle = await rolldown({
  input: { main: join(home, "src/main.ts") },
  external: [/^node:/, ...Object.keys(dependencies).map((name) => new RegExp(`^${name}`))],
  platform: "node",
  transform: { target: "node20" },
});
await bundle.write({ dir: join(stage, "dist"), format: "esm" });
await bundle.close();

const published = {
  name: manifest.name,
  version: manifest.version,
  description: "Distributed locks with fencing tokens: the command line of Holdfast",
  license: manifest.license,
  type: "module",
  engines: { node: ">=20.12" },
  bin: manifest.bin,
  dependencies,
};
writeFileSync(join(stage, "package.json"), `${JSON.stringify(published, undefined, 2)}\n`);
cpSync(join(home, "bin/holdfast.js"), join(stage, "bin/holdfast.js"));
chmodSync(join(stage, "bin/holdfast.js"), 0o755);
cpSync(join(home, "README.md"), join(stage, "README.md"));
cpSync(join(root, "LICENSE"), join(stage, "LICENSE"));

const target = resolve(process.env.INIT_CWD ?? "", process.argv[2] ?? stage);
// Started with `npm run -w`, npm would otherwise pack the workspace instead of the folder.
const { npm_config_workspace: _workspace, ...env } = process.env;
const printed = execFileSync("npm", ["pack", "--json", "--pack-destination", target], {
  cwd: stage,
  env,
  encoding: "utf8",
});
const [{ filename }] = JSON.parse(printed) as [{ readonly filename: string }];
console.log(join(target, filename));
