import { unreachable } from "@holdfast/base/invariant";
import { encodeBallot } from "@holdfast/core/quorum/ballot";
import type { Attached, Showing } from "@holdfast/core/quorum/message";
import { encodeAccepted } from "@holdfast/core/quorum/register-codec";
import { WireWriter } from "../wire/wire-writer.ts";
import { writeFailure } from "./outcome-encode.ts";
import { wholeDown, wholeUp } from "./shared-encode.ts";
import type { VotingAnswer, VotingHello, VotingQuestion } from "./voting-message.ts";

/** What an asking coordinator wants to say, until it is sent. One for each stream. */
export class ConverseRequestWriter {
  readonly #writer = new WireWriter();

  /** Bytes of the message so far. */
  get length(): number {
    return this.#writer.length;
  }

  hello(hello: VotingHello): void {
    writeHello(this.#writer, hello);
  }

  /**
   * `id`: 0 to 2^32 - 1, not that of another question without an answer. `traceparent`: the trace
   * context of what it is a part of.
   */
  question(
    id: number,
    lock: { readonly namespace: string; readonly name: string },
    withinMs: number,
    question: VotingQuestion,
    traceparent?: string,
  ): void {
    const writer = this.#writer;
    const outer = writer.begin(2, "large");
    writer.number(1, id);
    writer.text(2, lock.namespace);
    writer.text(3, lock.name);
    writer.number(4, wholeUp(withinMs));
    const inner = writer.begin(questionFields[question.kind], "large");
    writeQuestion(writer, question);
    writer.end(inner, "large");
    if (traceparent !== undefined) writer.text(10, traceparent);
    writer.end(outer, "large");
  }

  /** The message; the writer begins the next one. */
  take(): Buffer {
    return this.#writer.take();
  }
}

/** What an asked coordinator wants to say, until it is sent. One for each stream. */
export class ConverseResponseWriter {
  readonly #writer = new WireWriter();

  /** Bytes of the message so far. */
  get length(): number {
    return this.#writer.length;
  }

  hello(hello: VotingHello): void {
    writeHello(this.#writer, hello);
  }

  answer(id: number, answer: VotingAnswer): void {
    const writer = this.#writer;
    const outer = writer.begin(2, "large");
    writer.number(1, id);
    const inner = writer.begin(answerFields[answer.kind], "large");
    writeAnswer(writer, answer);
    writer.end(inner, "large");
    writer.end(outer, "large");
  }

  /** The message; the writer begins the next one. */
  take(): Buffer {
    return this.#writer.take();
  }
}

const questionFields = { meet: 5, prepare: 6, accept: 7, read: 8, "keep-alive": 9 } as const;
const answerFields = {
  promised: 2,
  shown: 3,
  accepted: 4,
  refused: 5,
  "other-generation": 6,
  lease: 7,
  failure: 8,
} as const;

function writeHello(writer: WireWriter, hello: VotingHello): void {
  const mark = writer.begin(1, "small");
  writer.number(1, hello.protocol);
  writer.text(2, hello.cluster);
  writer.text(3, hello.region);
  writer.number(4, hello.proposer);
  writer.number(5, hello.incarnation);
  writer.end(mark, "small");
}

function writeQuestion(writer: WireWriter, question: VotingQuestion): void {
  switch (question.kind) {
    case "meet":
      writer.text(1, question.session);
      writer.number(2, question.ttlMs);
      return;
    case "prepare":
      writer.bytes(1, encodeBallot(question.ballot));
      writer.number(2, question.generation);
      return;
    case "accept":
      writer.bytes(1, encodeAccepted(question.ballot, question.value));
      writer.bytes(2, encodeBallot(question.next));
      for (const { grantId } of question.attach) writer.text(3, grantId);
      for (const grantId of question.forget) writer.text(4, grantId);
      writer.number(5, question.generation);
      return;
    case "read":
      writer.number(1, question.generation);
      return;
    case "keep-alive":
      writer.text(1, question.session);
      return;
    default:
      unreachable(question);
  }
}

function writeAnswer(writer: WireWriter, answer: VotingAnswer): void {
  switch (answer.kind) {
    case "promised":
    case "shown":
      writeShowing(writer, answer);
      return;
    case "accepted":
      writeAttached(writer, 1, answer.attached);
      return;
    case "refused":
      writer.bytes(1, encodeBallot(answer.promised));
      return;
    case "other-generation":
      writer.number(1, answer.generation);
      return;
    case "lease":
      writer.text(1, answer.shard);
      writer.fixed64(2, answer.lease);
      writer.number(3, wholeDown(answer.validForMs));
      return;
    case "failure":
      writeFailure(writer, answer);
      return;
    default:
      unreachable(answer);
  }
}

function writeShowing(writer: WireWriter, { accepted, live, halfTrusted }: Showing): void {
  if (accepted !== undefined) writer.bytes(1, encodeAccepted(accepted.ballot, accepted.value));
  writeAttached(writer, 2, live);
  if (halfTrusted) writer.number(3, 1);
}

function writeAttached(writer: WireWriter, field: number, list: readonly Attached[]): void {
  for (const { grantId, lease } of list) {
    const mark = writer.begin(field, "small");
    writer.text(1, grantId);
    writer.fixed64(2, lease);
    writer.end(mark, "small");
  }
}
