import {
  AdminServiceService as calls,
  type GetPlacementResponse,
  type GetVersionResponse,
  type ListRegionsResponse,
  type ListSessionsResponse,
  type ListShardsResponse,
  type LocateLockResponse,
  type ReadmitRegionResponse,
} from "@holdfast/api/generated/holdfast/v1/admin_service";
import { type Failure, isFailure } from "@holdfast/base/failure";
import { errorOf } from "../holdfast-error.ts";
import { askGenerated, type GeneratedCall, readAnswer } from "./generated-call.ts";
import type { GrpcCalls } from "./grpc-calls.ts";

/**
 * How one endpoint's region is laid out and how it fares. All but `readmit` only read; throws
 * `HoldfastError`.
 */
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

  /**
   * Gives a region that lost its data its vote about global locks back; says how far that is until
   * it is `done`. To stop listening stops it; repeating it goes on where it was left.
   */
  async *readmit(region: string): AsyncGenerator<ReadmitRegionResponse, void, undefined> {
    const said: ReadmitRegionResponse[] = [];
    let ended: Failure | undefined;
    let wake = () => {};
    const { path, requestSerialize, responseDeserialize } = calls.readmitRegion;
    const read = (bytes: Buffer) => readAnswer({ responseDeserialize }, bytes);
    const running = this.#calls.follow(this.#endpoint, path, { region }, requestSerialize, read, {
      onAnswer: (progress) => {
        said.push(progress);
        wake();
      },
      onEnd: (failure) => {
        ended = failure;
        wake();
      },
    });
    try {
      for (;;) {
        const progress = said.shift();
        if (progress !== undefined) yield progress;
        if (progress?.done) return;
        if (progress !== undefined) continue;
        if (ended !== undefined) throw errorOf(ended);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      running.cancel();
    }
  }

  async #ask<Request, Response extends object>(
    call: GeneratedCall<Request, Response>,
    request: Request,
  ): Promise<Response> {
    const answer = await askGenerated(this.#calls, this.#endpoint, call, request);
    if ("kind" in answer && isFailure(answer)) throw errorOf(answer);
    return answer as Response;
  }
}
