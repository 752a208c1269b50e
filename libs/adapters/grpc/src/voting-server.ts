import type { Server, ServerDuplexStream } from "@grpc/grpc-js";
import { ConverseRequestReader } from "@holdfast/api/codec/voting-read";
import { VotingServiceService } from "@holdfast/api/generated/holdfast/internal/v1/voting";
import type { Clock } from "@holdfast/base/clock";
import type { VotingRegion } from "@holdfast/engine/ports/voting-region";
import { passThrough } from "./unary-handler.ts";
import type { VotingIdentity } from "./voting-identity.ts";
import { VotingStream } from "./voting-stream.ts";

/** What answers the coordinators of the other regions. */
export interface VotingServerOptions {
  /** This coordinator's own region. */
  readonly region: VotingRegion;
  readonly identity: VotingIdentity;
  /** The regions that may ask. */
  readonly askers: readonly string[];
  readonly clock: Clock;
  /** How long a stream may take to say hello; 5 s if left out. */
  readonly helloTimeoutMs?: number;
  /** Told why a stream was refused; once a minute for the same reason. */
  readonly onRefused: (message: string) => void;
}

/** Who is refused tries again every second, and would fill a log with it. */
const tellAgainMs = 60_000;

/** Gives the votes of this region to the coordinators of the others. */
export class VotingServer {
  readonly #options: VotingServerOptions;
  readonly #streams = new Set<VotingStream>();
  #told = { message: "", atMs: 0 };

  constructor(options: VotingServerOptions) {
    this.#options = options;
  }

  /** Registers VotingService. */
  register(server: Server): void {
    const context = {
      ...this.#options,
      helloTimeoutMs: this.#options.helloTimeoutMs ?? 5_000,
      reader: new ConverseRequestReader(),
      streams: this.#streams,
      onRefused: (message: string) => this.#tell(message),
    };
    server.register(
      VotingServiceService.converse.path,
      (call: ServerDuplexStream<Buffer, Buffer>) => {
        new VotingStream(call, context);
      },
      passThrough,
      passThrough,
      "bidi",
    );
  }

  #tell(message: string): void {
    const nowMs = this.#options.clock.monotonicMs();
    const isNews = message !== this.#told.message || nowMs - this.#told.atMs >= tellAgainMs;
    if (!isNews) return;
    this.#told = { message, atMs: nowMs };
    this.#options.onRefused(message);
  }

  /** Ends every stream, so that the others look for another coordinator of this region. */
  finish(reason: string): void {
    for (const stream of [...this.#streams]) stream.finish(reason);
  }
}
