import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { S3Archive, type S3ArchiveOptions } from "@holdfast/adapter-s3/s3-archive";
import { findTool } from "@holdfast/toolchain/find-tool";
import { type S3Server, startS3 } from "@holdfast/toolchain/s3-process";

/** An S3 server of the suite's own. */
export interface S3UnderTest extends AsyncDisposable {
  readonly server: S3Server;
  /** An archive in a bucket that no other has; it is closed with the server. */
  open(options?: Partial<S3ArchiveOptions>): S3Archive;
}

// To build it takes minutes, which a test does not have: whoever runs the suite looked for it.
const found = await findTool("versitygw", { offline: true });

/** Why there is no S3 server to test against; undefined if there is one. */
export const s3Missing = found.kind === "found" ? undefined : found.reason;
if (s3Missing !== undefined) console.warn(`skipped, for want of an S3 server: ${s3Missing}`);

/** Starts a server without a bucket. */
export async function startS3UnderTest(): Promise<S3UnderTest> {
  if (found.kind !== "found") throw new Error(found.reason);
  const folder = mkdtempSync(join(tmpdir(), "holdfast-s3-"));
  const server = await startS3({ binary: found.path, dataDir: folder });
  const opened: S3Archive[] = [];
  let buckets = 0;
  return {
    server,
    open: (options = {}) => {
      buckets += 1;
      const { endpoint, region, accessKeyId, secretAccessKey } = server;
      const archive = new S3Archive({
        endpoint,
        region,
        credentials: { accessKeyId, secretAccessKey },
        bucket: `bucket-${buckets}`,
        lockMode: "compliance",
        ...options,
      });
      opened.push(archive);
      return archive;
    },
    [Symbol.asyncDispose]: async () => {
      for (const archive of opened) archive.close();
      await server.process.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
