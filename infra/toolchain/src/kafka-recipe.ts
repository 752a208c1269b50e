import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { dockerCopy } from "./docker-copy.ts";
import { javaLacking } from "./java-version.ts";
import { mavenFetch } from "./maven-fetch.ts";
import { PINNED } from "./pinned-versions.ts";
import type { Recipe } from "./recipe.ts";

const POM_DIR = fileURLToPath(new URL("../kafka", import.meta.url));

/** The scripts of a distribution of Kafka that we use, and what each one runs. */
const STARTERS = [
  ["kafka-server-start.sh", "kafka.Kafka"],
  ["kafka-storage.sh", "kafka.tools.StorageTool"],
] as const;

/**
 * A Kafka broker, laid out as in its distribution: `bin`, `libs`. It runs on the machine's Java.
 */
export function kafkaRecipe(): Recipe {
  const { version, versionMin, image, javaMin } = PINNED.kafka;
  return {
    tool: "kafka",
    executable: "kafka-server-start.sh",
    versionArgs: ["--version"],
    versionMin,
    olderIsBadBecause: "needs a ZooKeeper beside it",
    entry: `kafka-${version}`,
    pathInEntry: "kafka/bin/kafka-server-start.sh",
    makers: [
      dockerCopy(image, ["/opt/kafka"]),
      mavenFetch({ pomDir: POM_DIR, target: "kafka/libs", finish: writeStarters }),
    ],
    lacks: (env) => javaLacking("Kafka", javaMin, env),
  };
}

/** Starters that take the arguments and the settings of the ones they are named for. */
async function writeStarters(folder: string): Promise<void> {
  const bin = join(folder, "kafka", "bin");
  await mkdir(bin, { recursive: true });
  for (const [name, mainClass] of STARTERS) {
    const script = [
      "#!/bin/sh",
      'home=$(dirname "$(dirname "$(readlink -f "$0")")")',
      // `exec` keeps the pid; the options are words, so they stand without quotes.
      `exec "\${JAVA_HOME:+$JAVA_HOME/bin/}java" $KAFKA_HEAP_OPTS $KAFKA_JVM_PERFORMANCE_OPTS \\`,
      `  $KAFKA_OPTS -cp "$home/libs/*" ${mainClass} "$@"`,
      "",
    ];
    await writeFile(join(bin, name), script.join("\n"));
    await chmod(join(bin, name), 0o755);
  }
}
