import { SystemClock } from "@holdfast/base/clock";
import { MemoryArchive } from "@holdfast/engine/memory/memory-archive";
import type { Archive } from "@holdfast/engine/ports/archive";
import { s3Missing, startS3UnderTest } from "./s3-under-test.ts";

/** Makes one archive without a bucket after another. */
export interface ArchiveMaker extends AsyncDisposable {
  make(): Archive;
}

/** Every implementation of the port, by name. */
export const archives: readonly {
  readonly name: string;
  /** Why it cannot be tested here. */
  readonly missing: string | undefined;
  readonly start: () => Promise<ArchiveMaker>;
}[] = [
  { name: "the memory archive", missing: undefined, start: startMemory },
  { name: "S3", missing: s3Missing, start: startReal },
];

async function startMemory(): Promise<ArchiveMaker> {
  return {
    make: () => new MemoryArchive(new SystemClock()),
    [Symbol.asyncDispose]: async () => {},
  };
}

async function startReal(): Promise<ArchiveMaker> {
  const s3 = await startS3UnderTest();
  return {
    make: () => s3.open(),
    [Symbol.asyncDispose]: () => s3[Symbol.asyncDispose](),
  };
}
