import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { S3Archive, type S3ArchiveOptions } from "@holdfast/adapter-s3/s3-archive";

/** A request as it came to a {@link FakeStore}. */
export interface StoreRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** What a {@link FakeStore} does with a request. */
export type StoreAnswer = (request: StoreRequest, response: ServerResponse) => void;

/** A store that answers as it is told, and remembers what it was asked. */
export class FakeStore implements AsyncDisposable {
  readonly asked: StoreRequest[] = [];
  answer: StoreAnswer;
  readonly #server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const asked = { method, path: url, headers, body: Buffer.concat(chunks).toString() };
      this.asked.push(asked);
      this.answer(asked, response);
    });
  });
  readonly #archives: S3Archive[] = [];

  constructor(answer: StoreAnswer) {
    this.answer = answer;
  }

  async start(): Promise<this> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return this;
  }

  /** An archive over this store. */
  open(options: Partial<S3ArchiveOptions> = {}): S3Archive {
    const { port } = this.#server.address() as AddressInfo;
    const archive = new S3Archive({
      endpoint: `http://127.0.0.1:${port}`,
      region: "us-east-1",
      credentials: { accessKeyId: "key", secretAccessKey: "geheim" },
      bucket: "records",
      lockMode: "governance",
      tryMs: 300,
      ...options,
    });
    this.#archives.push(archive);
    return archive;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const archive of this.#archives) archive.close();
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/** An answer of S3's for what went wrong. */
export function failWith(status: number, code: string): StoreAnswer {
  return (_, response) => {
    response.writeHead(status, { "content-type": "application/xml" });
    response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>m</Message></Error>`);
  };
}

/** Answers the requests one after another, the last one for ever. */
export function inTurn(...answers: readonly [StoreAnswer, ...StoreAnswer[]]): StoreAnswer {
  let turn = 0;
  return (request, response) => {
    const answer = answers[Math.min(turn, answers.length - 1)] as StoreAnswer;
    turn += 1;
    answer(request, response);
  };
}

/** An empty 200. */
export const ok: StoreAnswer = (_, response) => {
  response.writeHead(200);
  response.end();
};

/** Says nothing for as long as it is asked. */
export const silence: StoreAnswer = () => {};

/** Breaks the connection. */
export const hangUp: StoreAnswer = (_, response) => {
  response.socket?.destroy();
};
