import { type Failure, failure } from "@holdfast/base/failure";
import { isTraceparent } from "@holdfast/base/tracer";
import { limits } from "@holdfast/core/limits";
import { checkName, checkNamespace } from "@holdfast/core/lock/name";
import { endOfMessage, WireReader } from "../wire/wire-reader.ts";
import { readVotingAnswer } from "./voting-answer.ts";
import {
  type ConverseRequestContent,
  type ConverseResponseContent,
  type NumberedQuestion,
  type VotingHello,
  votingWithinMsMax,
} from "./voting-message.ts";
import { isQuestionTag, readVotingQuestion } from "./voting-question.ts";

/** Reads what coordinators ask. One serves any number of streams. */
export class ConverseRequestReader {
  readonly #reader = new WireReader();

  /** A failure means that the bytes are no such message; nothing in it is to be carried out. */
  read(bytes: Uint8Array): ConverseRequestContent | Failure {
    const reader = this.#reader;
    reader.start(bytes);
    reader.badText = undefined;
    const questions: NumberedQuestion[] = [];
    let hello: VotingHello | undefined;
    for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
      if (tag === 0x12) questions.push(this.#readQuestion());
      else if (tag === 0x0a) hello = readHello(reader);
      else reader.skip(tag);
    }
    if (reader.malformed || reader.badText !== undefined) return notA("ConverseRequest");
    return { kind: "questions", ...(hello && { hello }), questions };
  }

  #readQuestion(): NumberedQuestion {
    const reader = this.#reader;
    let id = 0;
    let namespace = "";
    let name = "";
    let withinMs = 0;
    let question: NumberedQuestion["question"] = unknownQuestion;
    let traceparent = "";
    const outer = reader.enter();
    for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
      if (tag === 0x08) id = reader.varint();
      else if (tag === 0x12) namespace = reader.commonText("namespace");
      else if (tag === 0x1a) name = reader.commonText("name");
      else if (tag === 0x20) withinMs = reader.varint();
      else if (isQuestionTag(tag)) question = readVotingQuestion(reader, tag);
      else if (tag === 0x52) traceparent = reader.text("traceparent");
      else reader.skip(tag);
    }
    reader.leave(outer);
    const wrong = checkNamespace(namespace) ?? checkName(name) ?? checkWithin(withinMs);
    // One that is none takes nothing from the question.
    const traced = isTraceparent(traceparent) ? { traceparent } : undefined;
    return { id, namespace, name, withinMs, question: wrong ?? question, ...traced };
  }
}

/** Reads what coordinators answer. One for each stream. */
export class ConverseResponseReader {
  readonly #reader = new WireReader();

  /** A failure means that the bytes are no such message; nothing in it counts. */
  read(bytes: Uint8Array): ConverseResponseContent | Failure {
    const reader = this.#reader;
    reader.start(bytes);
    reader.badText = undefined;
    const answers: ConverseResponseContent["answers"][number][] = [];
    let hello: VotingHello | undefined;
    for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
      if (tag === 0x12) answers.push(readVotingAnswer(reader));
      else if (tag === 0x0a) hello = readHello(reader);
      else reader.skip(tag);
    }
    if (reader.malformed || reader.badText !== undefined) return notA("ConverseResponse");
    return { kind: "answers", ...(hello && { hello }), answers };
  }
}

const unknownQuestion = failure(
  "UNIMPLEMENTED",
  "The question is none that this coordinator knows (holdfast.internal.v1.Question).",
);

function notA(message: string): Failure {
  return failure("INVALID_ARGUMENT", `The message is not a holdfast.internal.v1.${message}.`);
}

function checkWithin(withinMs: number): Failure | undefined {
  if (withinMs >= 1 && withinMs <= votingWithinMsMax) return undefined;
  const message = `within_ms is 1 to ${votingWithinMsMax}; this is ${withinMs}.`;
  return failure("INVALID_ARGUMENT", message, { field: "within_ms" });
}

function readHello(reader: WireReader): VotingHello {
  const hello = { protocol: 0, cluster: "", region: "", proposer: 0, incarnation: 0 };
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
    if (tag === 0x08) hello.protocol = reader.varint();
    else if (tag === 0x12) hello.cluster = reader.text("cluster").slice(0, limits.ownerBytesMax);
    else if (tag === 0x1a) hello.region = reader.text("region").slice(0, limits.regionBytesMax);
    else if (tag === 0x20) hello.proposer = reader.varint();
    else if (tag === 0x28) hello.incarnation = reader.varint();
    else reader.skip(tag);
  }
  reader.leave(outer);
  return hello;
}
