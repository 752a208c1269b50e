import type { Clock } from "@holdfast/base/clock";
import { inTime } from "./in-time.ts";
import type { ClientFailure, KafkaClient, TopicToMake } from "./kafka-client.ts";
import { type KafkaConnection, kafkajsClient } from "./kafkajs-client.ts";

/** Where topics are made, and how long that may take. */
export interface EnsureTopicsOptions extends KafkaConnection {
  readonly clock: Clock;
  /** For all of it, in milliseconds. */
  readonly timeoutMs: number;
}

/** What became of the topics. */
export type TopicsReply =
  | { readonly kind: "ready"; readonly made: readonly string[] }
  | { readonly kind: "unavailable"; readonly message: string };

/**
 * Makes the topics that are not there; one that is there stays as it is. For whoever sets up a
 * broker: the services that use topics never make one, or one with a name misspelt would swallow
 * their records.
 */
export async function ensureTopics(
  options: EnsureTopicsOptions,
  topics: readonly TopicToMake[],
): Promise<TopicsReply> {
  const { clock, timeoutMs } = options;
  const client = kafkajsClient(options, () => {});
  const reply = await inTime(clock, timeoutMs, makeMissing(client, topics));
  if (reply !== "late") return reply;
  const message = client.trouble ?? `Kafka was not done in ${timeoutMs} ms`;
  return { kind: "unavailable", message };
}

async function makeMissing(
  client: KafkaClient,
  topics: readonly TopicToMake[],
): Promise<TopicsReply> {
  const made: string[] = [];
  for (const topic of topics) {
    const found = await client.partitionsOf(topic.name);
    if (found.kind === "failure") return unavailable(found);
    if (found.count > 0) continue;
    const failed = await client.makeTopic(topic);
    if (failed !== undefined) return unavailable(failed);
    made.push(topic.name);
  }
  return { kind: "ready", made };
}

function unavailable({ message }: ClientFailure): TopicsReply {
  return { kind: "unavailable", message };
}
