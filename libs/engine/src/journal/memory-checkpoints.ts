import type { Checkpoint } from "./checkpoint.ts";
import type { Checkpoints, LoadResult, SaveResult } from "./checkpoint-store.ts";

/**
 * The checkpoint of a journal whose log is gone with the process: what it would leave for the next
 * one would have that one tell the rest of a story whose beginning nobody has. So the next process
 * begins anew, with what history is there still, and before it with a gap and what stands.
 */
export class MemoryCheckpoints implements Checkpoints {
  #saved: Checkpoint | undefined;

  async load(): Promise<LoadResult> {
    return { kind: "loaded", checkpoint: this.#saved };
  }

  async save(checkpoint: Checkpoint): Promise<SaveResult> {
    this.#saved = checkpoint;
    return "saved";
  }
}
