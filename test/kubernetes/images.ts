import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { buildRootfs } from "@holdfast/docker/build-rootfs";
import { appFolder, type Image, imageNamed, userId } from "@holdfast/docker/image";
import type { MadeCluster } from "./made-cluster.ts";

/** What a release of the suite runs. */
const names = ["router", "coordinator", "placement", "etcd", "cli"] as const;

/** Tags of images: what is installed, what it is upgraded to, and what does not start. */
export const tags = { first: "e2e-1", next: "e2e-2", broken: "e2e-broken" } as const;

/** Where images are that were loaded and not fetched. */
export const localImages = "localhost";

const broken = ["router", "coordinator", "placement", "etcd"] as const;

/**
 * Builds every image from this repository, without Docker, and gives each node all tags of it.
 * `folder` is for what is large and needed only meanwhile.
 */
export async function loadImages(
  cluster: MadeCluster,
  repository: string,
  folder: string,
  report: (line: string) => void,
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "image.tar");
  for (const name of names) {
    const image = imageOf(name);
    const root = join(folder, name);
    mkdirSync(root);
    const lacking = await buildRootfs(image, repository, root);
    if (lacking !== undefined) throw new Error(`the image ${name} cannot be built: ${lacking}`);
    for (const tag of [tags.first, tags.next]) {
      // What the next image has besides is its own name: so its content is another one.
      await cluster.addImage(packed(image, tag, root, { IMAGE_TAG: tag }), file);
    }
    rmSync(root, { recursive: true });
    report(`image ${name}: ${tags.first}, ${tags.next}`);
  }
  await loadBroken(cluster, folder, file);
  report(`images that do not start: ${broken.join(", ")}: ${tags.broken}`);
}

/** Images whose program is not there. */
async function loadBroken(cluster: MadeCluster, folder: string, file: string): Promise<void> {
  const root = join(folder, "broken");
  mkdirSync(join(root, appFolder), { recursive: true });
  for (const name of broken) {
    await cluster.addImage(packed(imageOf(name), tags.broken, root, {}), file);
  }
  rmSync(folder, { recursive: true });
}

function imageOf(name: string): Image {
  const image = imageNamed(name);
  if (image === undefined) throw new Error(`there is no image ${name}`);
  return image;
}

function packed(image: Image, tag: string, root: string, env: Readonly<Record<string, string>>) {
  return {
    tag: `${localImages}/holdfast-${image.name}:${tag}`,
    root,
    entrypoint: image.entrypoint,
    env: { ...image.env, ...env },
    workdir: `/${appFolder}`,
    user: `${userId}:${userId}`,
  };
}
