import { tlsAdvice } from "@holdfast/base/tls/trouble";
import type { ClientFailure } from "./kafka-client.ts";

/** Kafka's own names of errors, as kafkajs gives them, by what they mean to us. */
const reasons: Readonly<Record<string, ClientFailure["reason"]>> = {
  MESSAGE_TOO_LARGE: "too-large",
  RECORD_LIST_TOO_LARGE: "too-large",
  UNKNOWN_TOPIC_OR_PARTITION: "topic-missing",
  INVALID_TOPIC_EXCEPTION: "topic-missing",
  TOPIC_AUTHORIZATION_FAILED: "not-authorized",
  GROUP_AUTHORIZATION_FAILED: "not-authorized",
  CLUSTER_AUTHORIZATION_FAILED: "not-authorized",
  SASL_AUTHENTICATION_FAILED: "not-authorized",
  REBALANCE_IN_PROGRESS: "stale",
  ILLEGAL_GENERATION: "stale",
  UNKNOWN_MEMBER_ID: "stale",
  NOT_COORDINATOR_FOR_GROUP: "stale",
};

/** More causes than that in a row are a circle. */
const causesMax = 10;

/** What an error that kafkajs threw means. The cause lies below the tries it was wrapped in. */
export function clientFailure(error: unknown): ClientFailure {
  let cause: unknown = error;
  for (let depth = 0; depth < causesMax && cause instanceof Error; depth++) {
    const { type, name } = cause as { readonly type?: unknown; readonly name: string };
    const known = typeof type === "string" ? reasons[type] : undefined;
    const reason = name === "KafkaJSSASLAuthenticationError" ? "not-authorized" : known;
    if (reason !== undefined) return { kind: "failure", reason, message: cause.message };
    cause = cause.cause;
  }
  const message = tlsAdvice(error) ?? (error instanceof Error ? error.message : String(error));
  return { kind: "failure", reason: "other", message };
}
