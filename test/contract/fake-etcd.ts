import {
  type handleBidiStreamingCall,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServiceError,
  type sendUnaryData,
  type status,
} from "@grpc/grpc-js";
import { definition } from "./etcd-codec.ts";

/** What a call does: answers, fails, or (undefined) never answers. */
export type Fate =
  | { readonly kind: "answer"; readonly response: object }
  | { readonly kind: "error"; readonly code: status; readonly details: string }
  | undefined;

type Stream = ServerDuplexStream<Record<string, never>, object>;

/** A gRPC server that poses as an etcd, to give the answers a real one seldom gives. */
export class FakeEtcd {
  clusterId = "77";
  version = "3.6.16";
  raftTerm = "2";
  /** How long a write takes, in milliseconds. */
  delayMs = 0;
  /** What the next calls of that name do; `answer` of an empty response if absent. */
  readonly fates = new Map<string, Fate>();
  /** How often each call came. */
  readonly calls = new Map<string, number>();
  /** Every stream that was opened, newest last. */
  readonly streams: Stream[] = [];
  /** Called for each message of a stream. */
  onMessage: (stream: Stream, message: Record<string, never>) => void = () => {};
  readonly #server = new Server();
  #port = 0;

  static async start(): Promise<FakeEtcd> {
    const fake = new FakeEtcd();
    fake.#add("KV", ["Txn", "Range", "Compact"]);
    fake.#add("Lease", ["LeaseGrant", "LeaseRevoke", "LeaseTimeToLive", "LeaseKeepAlive"]);
    fake.#add("Watch", ["Watch"]);
    fake.#add("Maintenance", ["Status"]);
    fake.#port = await new Promise((resolve, reject) => {
      const insecure = ServerCredentials.createInsecure();
      fake.#server.bindAsync("127.0.0.1:0", insecure, (error, port) => {
        if (error === null) resolve(port);
        else reject(error);
      });
    });
    return fake;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get header(): object {
    const { clusterId, raftTerm } = this;
    const memberId = String(this.#port);
    return { cluster_id: clusterId, member_id: memberId, revision: "9", raft_term: raftTerm };
  }

  count(call: string): number {
    return this.calls.get(call) ?? 0;
  }

  /** Cuts every connection and listens no more. */
  kill(): void {
    this.#server.forceShutdown();
  }

  #add(service: "KV" | "Lease" | "Watch" | "Maintenance", calls: readonly string[]) {
    const definitions = calls.map((call) => [call, definition(service, call)] as const);
    const handlers = definitions.map(([call, { requestStream }]) => {
      return [call, requestStream ? this.#stream() : this.#unary(call)];
    });
    this.#server.addService(Object.fromEntries(definitions), Object.fromEntries(handlers));
  }

  #unary(name: string) {
    return (_: unknown, callback: sendUnaryData<object>) => {
      this.calls.set(name, this.count(name) + 1);
      const { header, version, raftTerm } = this;
      const usual = name === "Status" ? { version, leader: this.#port, raftTerm } : {};
      const fate: Fate = this.fates.has(name)
        ? this.fates.get(name)
        : { kind: "answer", response: usual };
      const delayMs = name === "Txn" ? this.delayMs : 0;
      if (fate?.kind === "answer") {
        setTimeout(() => callback(null, { header, ...fate.response }), delayMs);
      } else if (fate?.kind === "error") {
        callback(fate as Partial<ServiceError>);
      }
    };
  }

  #stream(): handleBidiStreamingCall<Record<string, never>, object> {
    return (stream) => {
      this.streams.push(stream);
      stream.on("data", (message) => this.onMessage(stream, message));
      stream.on("error", () => {});
    };
  }
}
