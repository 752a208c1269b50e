import { findTool } from "@holdfast/toolchain/find-tool";
import { type Image, type Program, userId } from "./image.ts";
import { layOut } from "./lay-out.ts";
import { layOutBase } from "./lay-out-base.ts";

/**
 * Builds the whole root filesystem of an image below `root` without Docker: what a base image would
 * bring comes from this machine, the programs from the toolchain. Returns what could not be had.
 */
export async function buildRootfs(
  image: Image,
  repository: string,
  root: string,
): Promise<string | undefined> {
  const programs: Partial<Record<Program, string>> = {};
  for (const program of image.programs) {
    if (program === "node") {
      programs.node = process.execPath;
      continue;
    }
    const found = await findTool(program);
    if (found.kind === "missing") return found.reason;
    programs[program] = found.path;
  }
  const lacking = await layOutBase(root, process.execPath, userId);
  if (lacking === undefined) layOut(image, { repository, programs }, root);
  return lacking;
}
