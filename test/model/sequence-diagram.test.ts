import { expect, test } from "vitest";
import { drawMermaid } from "./mermaid.ts";
import { drawSequence, wrap } from "./sequence-diagram.ts";
import type { Lane, Part, Scene } from "./story.ts";

const client: Part = { kind: "client", index: 0 };
const proposer: Part = { kind: "proposer", index: 0 };
const region: Part = { kind: "region", index: 0 };
const lanes: Lane[] = [
  { name: "clients", parts: [client] },
  { name: "P1", parts: [proposer] },
  { name: "R1", parts: [region] },
];
const scenes: Scene[] = [
  { kind: "says", from: client, to: proposer, text: "acquire a" },
  { kind: "says", from: proposer, to: region, text: "accept 1.1.1: v1 a/1; next 2.1.1" },
  { kind: "note", at: region, text: "the lease of a ends" },
  { kind: "says", from: region, to: client, text: "accepted; live a" },
];

test("a diagram has a lane for everybody and an arrow for every message", () => {
  expect(`\n${drawSequence(lanes, scenes)}`).toBe(`
   clients               P1                 R1
      │                  │                  │
      │ acquire a        │                  │
      ├─────────────────▶│                  │
      │                  │                  │
      │                  │ accept 1.1.1: v1 │
      │                  │ a/1              │
      │                  │ next 2.1.1       │
      │                  ├─────────────────▶│
      │                  │                  │
      │                  │                  ╳ the lease of a ends
      │                  │                  │
      │                  │         accepted │
      │                  │           live a │
      │◀────────────────────────────────────┤
      │                  │                  │`);
});

test("a long text is broken at semicolons, and at spaces where it must be", () => {
  expect(wrap("one two three; four", 7)).toEqual(["one two", "three", "four"]);
});

test("the same is said to Mermaid", () => {
  expect(drawMermaid(lanes, scenes)).toBe(
    [
      "sequenceDiagram",
      "  participant clients",
      "  participant P1",
      "  participant R1",
      "  clients->>P1: acquire a",
      "  P1->>R1: accept 1.1.1: v1 a/1<br/>next 2.1.1",
      "  Note over R1: the lease of a ends",
      "  R1->>clients: accepted<br/>live a",
    ].join("\n"),
  );
});
