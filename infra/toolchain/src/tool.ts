/** The servers and command line tools that can be had. */
export const TOOL_NAMES = [
  "etcd",
  "etcdctl",
  "etcdutl",
  "redis",
  "postgres",
  "kafka",
  "versitygw",
  "helm",
  "helm-unittest",
  "kubeconform",
  "kubernetes-schemas",
  "terraform",
  "checkov",
  "haproxy",
  "prometheus",
  "promtool",
  "alertmanager",
  "amtool",
] as const;
export type ToolName = (typeof TOOL_NAMES)[number];

/** Where a tool came from, in the order they are tried. */
export type ToolSource = "path" | "cache" | "docker" | "built";

export interface FoundTool {
  readonly kind: "found";
  readonly tool: ToolName;
  /**
   * The executable. `initdb` lies beside that of postgres, and `kafka-storage.sh` beside that of
   * kafka, which is `kafka-server-start.sh`; the schemas lie in `schemas/` beside
   * `kubernetes-schemas`.
   */
  readonly path: string;
  readonly version: string;
  readonly source: ToolSource;
  /** One line for people: what was taken and why nothing before it was. */
  readonly why: string;
}

export interface MissingTool {
  readonly kind: "missing";
  readonly tool: ToolName;
  /** One sentence: which ways were tried and what each one lacked. */
  readonly reason: string;
}

export type FindResult = FoundTool | MissingTool;

/** One step of a long search; `done` and `total` count packages of a build when they are known. */
export interface ToolProgress {
  readonly tool: ToolName;
  readonly message: string;
  readonly done?: number;
  readonly total?: number;
}

export interface FindOptions {
  readonly progress?: (event: ToolProgress) => void;
  /** Stops a build or a wait; the result is then `missing` with the reason "interrupted". */
  readonly signal?: AbortSignal;
  /** The environment to read PATH, HOLDFAST_CACHE and so on from; our own if absent. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Never fetch or build: PATH and the cache only. */
  readonly offline?: boolean;
}

export function isToolName(text: string): text is ToolName {
  return (TOOL_NAMES as readonly string[]).includes(text);
}
