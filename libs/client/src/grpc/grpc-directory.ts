import {
  readListResponse,
  readWatchResponse,
  writeListRequest,
  writeWatchRequest,
} from "@holdfast/api/codec/query-codec";
import type { Failure } from "@holdfast/base/failure";
import type {
  Directory,
  ListPage,
  ListQuery,
  RunningWatch,
  WatchListener,
  WatchQuery,
} from "../directory.ts";
import type { GrpcCalls } from "./grpc-calls.ts";

/** Lists and watches over gRPC. */
export class GrpcDirectory implements Directory {
  readonly #calls: GrpcCalls;

  constructor(calls: GrpcCalls) {
    this.#calls = calls;
  }

  list(endpoint: string, query: ListQuery): Promise<ListPage | Failure> {
    const path = "/holdfast.v1.LockService/List";
    return this.#calls.ask(endpoint, path, query, writeListRequest, readListResponse);
  }

  watch(endpoint: string, query: WatchQuery, listener: WatchListener): RunningWatch {
    const path = "/holdfast.v1.LockService/Watch";
    return this.#calls.follow(endpoint, path, query, writeWatchRequest, readWatchResponse, {
      onAnswer: (events) => listener.onEvents(events),
      onEnd: (failure) => listener.onEnd(failure),
    });
  }
}
