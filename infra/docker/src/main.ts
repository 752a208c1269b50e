import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { dockerfile } from "./dockerfile.ts";
import { imageNamed, images } from "./image.ts";
import { layOut, layOutManifests } from "./lay-out.ts";

const repository = resolve(import.meta.dirname, "../../..");
const file = join(repository, "infra/docker/Dockerfile");

const usage = `node infra/docker/src/main.ts
  dockerfile [--check]      writes the Dockerfile, or says whether it is as it would be written
  rootfs IMAGE FOLDER       the root filesystem of an image, built without Docker
  manifests FOLDER          what npm needs to install; used while Docker builds
  apps FOLDER               what each image has besides programs and base; used while Docker builds
images: ${images.map(({ name }) => name).join(", ")}
`;

const [command, ...args] = process.argv.slice(2);
process.exitCode = await run(command ?? "", args);

async function run(name: string, [first, second]: readonly string[]): Promise<number> {
  if (name === "dockerfile" && first === "--check") return checkDockerfile();
  if (name === "dockerfile" && first === undefined) {
    writeFileSync(file, dockerfile());
    return 0;
  }
  if (name === "rootfs" && first !== undefined && second !== undefined) {
    return buildOne(first, resolve(second));
  }
  if (name === "manifests" && first !== undefined) {
    layOutManifests(repository, resolve(first));
    return 0;
  }
  if (name === "apps" && first !== undefined) {
    for (const image of images) {
      layOut(image, { repository, programs: {} }, join(resolve(first), image.name));
    }
    return 0;
  }
  return refuse(usage);
}

function checkDockerfile(): number {
  if (readFileSync(file, "utf8") === dockerfile()) return 0;
  return refuse(
    `${file} is not as it would be written: run node infra/docker/src/main.ts dockerfile\n`,
  );
}

async function buildOne(name: string, folder: string): Promise<number> {
  const image = imageNamed(name);
  if (image === undefined) return refuse(`there is no image ${name}\n${usage}`);
  if (existsSync(folder)) return refuse(`${folder} is there already\n`);
  mkdirSync(folder, { recursive: true });
  // Only now: while Docker builds nothing is installed yet.
  const { buildRootfs } = await import("./build-rootfs.ts");
  const lacking = await buildRootfs(image, repository, folder);
  return lacking === undefined ? 0 : refuse(`${name} cannot be built: ${lacking}\n`);
}

function refuse(why: string): number {
  process.stderr.write(why);
  return 1;
}
