import { Metadata, type StatusObject } from "@grpc/grpc-js";
import { decodeMessage } from "@holdfast/api/codec/decode-message";
import {
  AdminServiceService,
  ListRegionsRequest,
  ListRegionsResponse,
  ReadmitRegionRequest,
  ReadmitRegionResponse,
} from "@holdfast/api/generated/holdfast/v1/admin_service";
import type { Cancellation } from "@holdfast/base/cancellation";
import { type Failure, failure, isFailure } from "@holdfast/base/failure";
import type { TlsIdentity } from "@holdfast/base/tls/material";
import type {
  GlobalMember,
  ReadmissionProgress,
  Readmitted,
} from "@holdfast/engine/ports/admin-tier";
import type { GlobalAdmin } from "@holdfast/engine/ports/global-admin";
import { failureIn, PeerChannel } from "./peer-channel.ts";
import { asBuffer } from "./unary-handler.ts";

/** How long a coordinator may take to say how the regions are, in ms. */
const listMs = 3_000;

/** The global tier as the coordinators of a router's own region see it. */
export class CoordinatorAdmin implements GlobalAdmin {
  readonly #channels: readonly PeerChannel[];

  /** `addresses`: `host:port` of each coordinator; the first that answers is believed. */
  constructor(addresses: readonly string[], tls?: TlsIdentity) {
    this.#channels = addresses.map((address) => new PeerChannel(address, tls));
  }

  async members(): Promise<ReadonlyMap<string, GlobalMember> | Failure> {
    const request = asBuffer(ListRegionsRequest.encode({}).finish());
    const path = AdminServiceService.listRegions.path;
    const reasons: string[] = [];
    for (const channel of this.#channels) {
      const deadline = Date.now() + listMs;
      const reply = await channel.call(path, request, new Metadata(), deadline, () => {});
      const response =
        reply.kind === "answered" ? decodeMessage(ListRegionsResponse, reply.bytes) : undefined;
      if (response !== undefined) return membersIn(response);
      if (reply.kind === "refused") return reply.failure;
      if (reply.kind === "answered") reasons.push(`${channel.address} answered with nonsense`);
      else reasons.push(isFailure(reply) ? reply.message : reply.reason);
    }
    return outOfReach(reasons);
  }

  async readmit(
    region: string,
    onProgress: (progress: ReadmissionProgress) => void,
    cancellation: Cancellation,
  ): Promise<Readmitted | Failure> {
    const request = asBuffer(ReadmitRegionRequest.encode({ region }).finish());
    const path = AdminServiceService.readmitRegion.path;
    const reasons: string[] = [];
    for (const channel of this.#channels) {
      const stream = await channel.follow(path, request, new Metadata());
      if ("kind" in stream) {
        reasons.push(stream.reason);
        continue;
      }
      const forget = cancellation.onCancel(() => stream.cancel());
      let done: Readmitted | undefined;
      stream.on("data", (bytes: Buffer) => {
        const message = decodeMessage(ReadmitRegionResponse, bytes);
        if (message === undefined) return;
        const registersCopied = Number(message.registersCopied);
        if (!message.done) return onProgress({ registersCopied, step: message.step });
        done = { kind: "readmitted", registersCopied, generation: Number(message.generation) };
      });
      // The status says the same, and comes always.
      stream.on("error", () => {});
      const status = await new Promise<StatusObject>((resolve) => stream.on("status", resolve));
      forget();
      if (done !== undefined) return done;
      return status.code === 0 ? outOfReach(["it ended before it was done"]) : failureIn(status);
    }
    return outOfReach(reasons);
  }

  close(): void {
    for (const channel of this.#channels) channel.close();
  }
}

function membersIn({ regions }: ListRegionsResponse): ReadonlyMap<string, GlobalMember> {
  return new Map(
    regions.flatMap(({ name, global }) =>
      global === undefined ? [] : [[name, { ...global, generation: Number(global.generation) }]],
    ),
  );
}

function outOfReach(reasons: readonly string[]): Failure {
  const message = `No coordinator of this region answers: ${reasons.join("; ")}.`;
  return failure("SHARD_UNAVAILABLE", message, { retryAfterMs: 1_000 });
}
