import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
  type SecureClientSessionOptions,
} from "node:http2";
import { clientTlsOptions, type TlsIdentity } from "@holdfast/base/tls/material";
import { MessageReader, writeMessages } from "./wire/messages.ts";

/** A stream of messages, as its user sees it. */
export interface MessageStream {
  /** Sends all of these with one system call. */
  write(messages: readonly Buffer[]): void;
  /** Says that no more come; answers to what was sent are still heard. */
  end(): void;
  /** Cuts it; nothing more is heard. */
  cancel(): void;
}

/** What a stream tells its user. */
export interface MessageListener {
  onMessage(message: Buffer): void;
  /** The last thing heard, for whatever reason, and heard but once. */
  onEnd(reason: string): void;
}

/**
 * Node hands them on to the socket. The kernel's probes find out about a machine that is gone while
 * nothing is sent; small messages must not wait for an acknowledgement of the one before.
 */
const socketOptions = { keepAlive: true, keepAliveInitialDelay: 10_000, noDelay: true };
/** Answers to keepalives have some 50 bytes. */
const messageBytesMax = 64 * 1024;

/**
 * One bidirectional gRPC call on a connection of its own. grpc-js writes message after message,
 * each with a system call and some ten promises and callbacks: with ten thousand idle clients that
 * was a fifth of what they cost the router.
 */
export class GrpcMessageStream implements MessageStream {
  readonly #listener: MessageListener;
  readonly #session: ClientHttp2Session;
  readonly #stream: ClientHttp2Stream;
  readonly #reader = new MessageReader(messageBytesMax);
  #ended = false;

  /**
   * `endpoint`: `http://host:port`, or `https://` to verify it by what `tls` is by now, or without
   * that by the system's authorities; `path` as in `/etcdserverpb.KV/Txn`.
   */
  constructor(endpoint: string, path: string, listener: MessageListener, tls?: TlsIdentity) {
    this.#listener = listener;
    const options = { ...socketOptions, ...(tls && clientTlsOptions(tls)) };
    this.#session = connect(endpoint, options as SecureClientSessionOptions);
    // What a service does keeps it alive, not what it is connected to.
    this.#session.unref();
    this.#session.on("error", (error) => this.#end(`the connection broke: ${error.message}`));
    this.#session.on("close", () => this.#end("the connection was closed"));
    this.#stream = this.#session.request(
      {
        ":method": "POST",
        ":path": path,
        "content-type": "application/grpc",
        te: "trailers",
        // A member that has lost its leader ends the stream instead of hanging.
        hasleader: "true",
      },
      { endStream: false },
    );
    this.#stream.on("response", (headers) => this.#onHeaders(headers));
    this.#stream.on("trailers", (headers) => this.#onHeaders(headers));
    this.#stream.on("data", (chunk: Buffer) => this.#onData(chunk));
    this.#stream.on("error", (error) => this.#end(`the stream broke: ${error.message}`));
    this.#stream.on("close", () => this.#end("the stream was closed"));
  }

  write(messages: readonly Buffer[]): void {
    if (!this.#ended) this.#stream.write(writeMessages(messages));
  }

  end(): void {
    if (!this.#ended) this.#stream.end();
  }

  cancel(): void {
    this.#ended = true;
    this.#stream.close(constants.NGHTTP2_CANCEL);
    this.#session.destroy();
  }

  #onHeaders(headers: IncomingHttpHeaders & { readonly ":status"?: number | undefined }): void {
    const code = headers["grpc-status"];
    const http = headers[":status"];
    if (code !== undefined) {
      this.#end(`the stream ended: ${code} ${headers["grpc-message"] ?? ""}`);
    } else if (http !== undefined && http !== 200) this.#end(`HTTP status ${http}`);
  }

  #onData(chunk: Buffer): void {
    if (this.#ended) return;
    for (const message of this.#reader.read(chunk)) {
      if (this.#ended) return;
      this.#listener.onMessage(message);
    }
    if (this.#reader.malformed) this.#end("what came is no message of gRPC");
  }

  #end(reason: string): void {
    if (this.#ended) return;
    this.cancel();
    this.#listener.onEnd(reason);
  }
}
