import {
  AdminServiceService as calls,
  type GetPlacementResponse,
  type GetVersionResponse,
  type ListRegionsResponse,
  type ListSessionsResponse,
  type ListShardsResponse,
  type LocateLockResponse,
} from "@holdfast/api/generated/holdfast/v1/admin_service";
import { isFailure } from "@holdfast/base/failure";
import { errorOf } from "../holdfast-error.ts";
import type { GrpcCalls } from "./grpc-calls.ts";

/** One call of the generated service. */
interface AdminCall<Request, Response> {
  readonly path: string;
  readonly requestSerialize: (request: Request) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Response;
}

/** How one endpoint's region is laid out and how it fares. Reads only; throws `HoldfastError`. */
export class Admin {
  readonly #calls: GrpcCalls;
  readonly #endpoint: string;

  constructor(calls: GrpcCalls, endpoint: string) {
    this.#calls = calls;
    this.#endpoint = endpoint;
  }

  /** What runs at the endpoint. */
  version(): Promise<GetVersionResponse> {
    return this.#ask(calls.getVersion, {});
  }

  /** Which slot lies in which shard. */
  placement(): Promise<GetPlacementResponse> {
    return this.#ask(calls.getPlacement, {});
  }

  /** The shards of the region and their stores. */
  shards(): Promise<ListShardsResponse> {
    return this.#ask(calls.listShards, {});
  }

  /** Where a lock of the region lies, whether it is held or not. */
  locate(namespace: string, name: string): Promise<LocateLockResponse> {
    return this.#ask(calls.locateLock, { namespace, name });
  }

  /** The region and those it knows of. */
  regions(): Promise<ListRegionsResponse> {
    return this.#ask(calls.listRegions, {});
  }

  /** The sessions with a lease in the region; one page. */
  sessions(
    page: { readonly pageSize?: number; readonly pageToken?: string } = {},
  ): Promise<ListSessionsResponse> {
    const { pageSize = 100, pageToken = "" } = page;
    return this.#ask(calls.listSessions, { pageSize, pageToken });
  }

  async #ask<Request, Response extends object>(
    call: AdminCall<Request, Response>,
    request: Request,
  ): Promise<Response> {
    const answer = await this.#calls.ask(
      this.#endpoint,
      call.path,
      request,
      call.requestSerialize,
      (bytes) => decoded(call, bytes),
    );
    if ("kind" in answer && isFailure(answer)) throw errorOf(answer);
    return answer as Response;
  }
}

/** The generated decoder throws on bytes that are no such message. */
function decoded<Response>(call: AdminCall<never, Response>, bytes: Buffer): Response | undefined {
  try {
    return call.responseDeserialize(bytes);
  } catch {
    return undefined;
  }
}
