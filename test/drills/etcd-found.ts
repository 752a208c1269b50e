import { findTool } from "@holdfast/toolchain/find-tool";

/** The etcd that drills are run with, or why there is none. */
export const etcdFound = await findTool("etcd", {
  progress: ({ message }) => console.warn(`  ${message}`),
});

/** Why no drill can be run here; undefined if they can. */
export const etcdMissing = etcdFound.kind === "found" ? undefined : etcdFound.reason;

if (etcdMissing !== undefined) console.warn(`drills skipped, for want of an etcd: ${etcdMissing}`);
