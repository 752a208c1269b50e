import type { MissingTool } from "@holdfast/toolchain/tool";

/** The running servers of one contender. */
export interface ServerSet {
  readonly kind: "started";
  readonly version: string;
  /** Whose CPU time the contender's work is charged with: those that run now. */
  pids(): readonly number[];
  stop(): Promise<void>;
}

/** The servers, or why this machine cannot have them: the contender is then skipped. */
export type ServersResult<S extends ServerSet = ServerSet> = S | MissingTool;
