import { logLevel } from "kafkajs";
import { expect, test } from "vitest";
import { KafkajsComplaints } from "./kafkajs-complaints.ts";

function complaining() {
  const said: string[] = [];
  const complaints = new KafkajsComplaints((message) => said.push(message));
  const hear = (namespace: string, message: string, broker?: string): void => {
    const log = { timestamp: "", message, ...(broker !== undefined && { broker }) };
    complaints.hear({ namespace, level: logLevel.ERROR, label: "ERROR", log });
  };
  return { said, complaints, hear };
}

test("what is wrong with TLS is told once, with the broker, the reason and what to do", () => {
  const { said, complaints, hear } = complaining();
  const expired = "Connection error: certificate has expired";
  for (let tries = 0; tries < 3; tries++) {
    hear("Connection", expired, "kafka-0:9093");
    hear("BrokerPool", `Failed to connect to seed broker: ${expired}`);
  }
  hear("Connection", "Connection error: tlsv1 alert unknown ca", "kafka-1:9093");
  const first = "kafka-0:9093: its certificate has expired: renew it there";
  expect(said).toEqual([first, expect.stringMatching(/^kafka-1:9093: .*does not accept our/)]);
  expect(complaints.trouble).toBe(said[1]);
  complaints.forget();
  expect(complaints.trouble).toBeUndefined();
  hear("Connection", expired, "kafka-0:9093");
  expect(said[2]).toBe(first);
});

test("everything else is told as it comes", () => {
  const { said, complaints, hear } = complaining();
  for (let tries = 0; tries < 2; tries++) hear("Connection", "Connection timeout", "kafka-0:9093");
  expect(said).toEqual(["Connection: Connection timeout", "Connection: Connection timeout"]);
  expect(complaints.trouble).toBeUndefined();
});
