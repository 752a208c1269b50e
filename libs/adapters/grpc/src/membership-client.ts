import { Metadata } from "@grpc/grpc-js";
import { decodeMessage } from "@holdfast/api/codec/decode-message";
import {
  DescribeRequest,
  DescribeResponse,
  MembershipServiceService,
  RaiseRequest,
  RaiseResponse,
  ReadmitRequest,
  ReadmitResponse,
  ReadRegistersRequest,
  ReadRegistersResponse,
} from "@holdfast/api/generated/holdfast/internal/v1/membership";
import { type Failure, failure, isFailure } from "@holdfast/base/failure";
import type { TlsIdentity } from "@holdfast/base/tls/material";
import type { RegionClaims } from "@holdfast/core/quorum/claim";
import { encodeMembers, type Members } from "@holdfast/core/quorum/members";
import type { OtherGeneration } from "@holdfast/core/quorum/message";
import type {
  MembershipPeer,
  Readmission,
  RegistersPage,
  RegistersQuery,
} from "@holdfast/engine/ports/membership-peer";
import { claimsFromWire, pageFromWire, readmissionFromWire } from "./membership-messages.ts";
import { PeerChannel } from "./peer-channel.ts";
import { asBuffer } from "./unary-handler.ts";

/** Another region, and how its coordinators are reached. */
export interface MembershipClientOptions {
  readonly region: string;
  /** `host:port` of its coordinators. */
  readonly addresses: readonly string[];
  readonly cluster: string;
  /** The region that asks. */
  readonly from: string;
  /** Plain text if left out. */
  readonly tls?: TlsIdentity | undefined;
}

/**
 * What another region says about who belongs, asked of one of its coordinators. Its connections are
 * its own: a page of registers must not stand before a vote.
 */
export class MembershipClient implements MembershipPeer {
  readonly region: string;
  readonly #options: MembershipClientOptions;
  readonly #channels: readonly PeerChannel[];
  /** The coordinator that answered last. */
  #first = 0;

  constructor(options: MembershipClientOptions) {
    this.region = options.region;
    this.#options = options;
    const { addresses, tls } = options;
    this.#channels = addresses.map((address) => new PeerChannel(address, tls));
  }

  async describe(withinMs: number): Promise<RegionClaims | Failure> {
    const request = DescribeRequest.encode({ address: this.#address }).finish();
    const reply = await this.#ask("describe", request, withinMs);
    return isFailure(reply) ? reply : this.#claimsIn(decodeMessage(DescribeResponse, reply.bytes));
  }

  async raise(record: Members, withinMs: number): Promise<RegionClaims | Failure> {
    const members = Buffer.from(encodeMembers(record));
    const request = RaiseRequest.encode({ address: this.#address, members }).finish();
    const reply = await this.#ask("raise", request, withinMs);
    return isFailure(reply) ? reply : this.#claimsIn(decodeMessage(RaiseResponse, reply.bytes));
  }

  async readRegisters(
    query: RegistersQuery,
    withinMs: number,
  ): Promise<RegistersPage | OtherGeneration | Failure> {
    const generation = BigInt(query.generation);
    const request = { ...query, address: this.#address, generation };
    const bytes = ReadRegistersRequest.encode(request).finish();
    const reply = await this.#ask("readRegisters", bytes, withinMs);
    if (isFailure(reply)) return reply;
    const response = decodeMessage(ReadRegistersResponse, reply.bytes);
    if (response === undefined) return this.#nonsense();
    const { otherGeneration } = response;
    if (otherGeneration === undefined) return pageFromWire(response) ?? this.#nonsense();
    return { kind: "other-generation", generation: Number(otherGeneration) };
  }

  async readmit(withinMs: number): Promise<Readmission | Failure> {
    const request = ReadmitRequest.encode({ address: this.#address }).finish();
    const reply = await this.#ask("readmit", request, withinMs);
    if (isFailure(reply)) return reply;
    const response = decodeMessage(ReadmitResponse, reply.bytes);
    const readmission = response && readmissionFromWire(this.region, response);
    return readmission ?? this.#nonsense();
  }

  close(): void {
    for (const channel of this.#channels) channel.close();
  }

  get #address() {
    return { cluster: this.#options.cluster, from: this.#options.from, to: this.region };
  }

  #claimsIn(response: DescribeResponse | RaiseResponse | undefined): RegionClaims | Failure {
    return response?.claims === undefined ? this.#nonsense() : claimsFromWire(response.claims);
  }

  /** Everything may be asked twice, so the next coordinator is asked where one does not answer. */
  async #ask(
    call: "describe" | "raise" | "readRegisters" | "readmit",
    request: Uint8Array,
    withinMs: number,
  ): Promise<{ readonly kind: "answered"; readonly bytes: Buffer } | Failure> {
    const { path } = MembershipServiceService[call];
    const deadline = Date.now() + withinMs;
    const reasons: string[] = [];
    for (let tried = 0; tried < this.#channels.length; tried++) {
      const channel = this.#channels[this.#first % this.#channels.length];
      if (channel === undefined) break;
      const bytes = asBuffer(request);
      const reply = await channel.call(path, bytes, new Metadata(), deadline, () => {});
      if (reply.kind === "answered") return reply;
      // The coordinator itself refused: another one of the region would say the same.
      if (reply.kind === "refused") return reply.failure;
      reasons.push(isFailure(reply) ? reply.message : reply.reason);
      this.#first++;
    }
    const message = `Region ${this.region} is out of reach from here: ${reasons.join("; ")}.`;
    return failure("SHARD_UNAVAILABLE", message, { shard: this.region, retryAfterMs: 1_000 });
  }

  #nonsense(): Failure {
    const message = `A coordinator of ${this.region} answered with something else than was asked.`;
    return failure("SHARD_UNAVAILABLE", message, { shard: this.region });
  }
}
