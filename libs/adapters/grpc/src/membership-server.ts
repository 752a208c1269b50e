import type { Server } from "@grpc/grpc-js";
import { decodeMessage } from "@holdfast/api/codec/decode-message";
import {
  type Address,
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
import type { Clock } from "@holdfast/base/clock";
import { type Failure, failure, isFailure } from "@holdfast/base/failure";
import { decodeMembers } from "@holdfast/core/quorum/members";
import type { Call } from "@holdfast/engine/ports/lock-tier";
import type { MembershipPeer } from "@holdfast/engine/ports/membership-peer";
import {
  claimsToWire,
  pageToWire,
  queryFromWire,
  readmissionToWire,
} from "./membership-messages.ts";
import { passThrough, unaryHandler } from "./unary-handler.ts";

/** What tells the coordinators of other regions who belongs. */
export interface MembershipServerOptions {
  /** This coordinator's own region. */
  readonly membership: MembershipPeer;
  readonly cluster: string;
  /** The regions that may ask. */
  readonly askers: readonly string[];
  readonly clock: Clock;
}

/** The longest that an answer is worked on where the caller sets no time, in ms. */
const withinMsMax = 30_000;

interface Request {
  readonly address: Address | undefined;
}

/** Registers MembershipService. */
export function serveMembership(server: Server, options: MembershipServerOptions): void {
  const { membership } = options;
  const { describe, raise, readRegisters, readmit } = MembershipServiceService;
  register(server, options, describe.path, DescribeRequest, async (_, withinMs) => {
    const claims = await membership.describe(withinMs);
    if (isFailure(claims)) return claims;
    return DescribeResponse.encode({ claims: claimsToWire(claims) }).finish();
  });
  register(server, options, raise.path, RaiseRequest, async (request, withinMs) => {
    const record = decodeMembers(request.members);
    if (record === undefined) return refuse("members", "The record cannot be read.");
    const claims = await membership.raise(record, withinMs);
    if (isFailure(claims)) return claims;
    return RaiseResponse.encode({ claims: claimsToWire(claims) }).finish();
  });
  register(server, options, readRegisters.path, ReadRegistersRequest, async (request, withinMs) => {
    const query = queryFromWire(request);
    if ("kind" in query) return query;
    const page = await membership.readRegisters(query, withinMs);
    if (isFailure(page)) return page;
    if (page.kind === "registers") return pageToWire(page);
    const otherGeneration = BigInt(page.generation);
    return ReadRegistersResponse.encode({ copies: [], next: "", otherGeneration }).finish();
  });
  register(server, options, readmit.path, ReadmitRequest, async (_, withinMs) => {
    const readmission = await membership.readmit(withinMs);
    if (isFailure(readmission)) return readmission;
    return ReadmitResponse.encode(readmissionToWire(readmission)).finish();
  });
}

function register<R extends Request>(
  server: Server,
  options: MembershipServerOptions,
  path: string,
  type: { decode(bytes: Uint8Array): R },
  answer: (request: R, withinMs: number) => Promise<Uint8Array | Failure>,
): void {
  const handler = unaryHandler(options.clock, (bytes, call) => {
    const request = decodeMessage(type, bytes);
    if (request === undefined) return refuse("", `The request is none of ${path}.`);
    return refusalOf(options, request.address) ?? answer(request, withinOf(call, options.clock));
  });
  server.register(path, handler, passThrough, passThrough, "unary");
}

/** A region that is asked in another one's name would be counted as that one. */
function refusalOf(
  { membership, cluster, askers }: MembershipServerOptions,
  address: Address | undefined,
): Failure | undefined {
  if (address?.cluster === cluster && address.to === membership.region) {
    if (askers.includes(address.from)) return undefined;
  }
  return refuse(
    "address",
    `This is a coordinator of ${membership.region} in ${cluster}, which knows ` +
      `${askers.join(" and ")}; asked was ${address?.to} in ${address?.cluster}, by ` +
      `${address?.from}: check HOLDFAST_PEERS.`,
  );
}

function withinOf({ deadlineMs }: Call, clock: Clock): number {
  if (deadlineMs === undefined) return withinMsMax;
  return Math.min(withinMsMax, Math.max(1, deadlineMs - clock.monotonicMs()));
}

function refuse(field: string, message: string): Failure {
  return failure("INVALID_ARGUMENT", message, field === "" ? {} : { field });
}
