import type {
  ArchivedObject,
  ArchivedRequest,
  ArchivedResponse,
  AtRequest,
  AtResponse,
  Record as AuditRecord,
  ContendedRequest,
  ContendedResponse,
  ExportRequest,
  ExportResponse,
  SessionRequest,
  SessionResponse,
  TailRequest,
  TailResponse,
  TimelineRequest,
  TimelineResponse,
  VerifyRequest,
  VerifyResponse,
} from "@holdfast/api/generated/holdfast/audit/v1/audit_service";
import { utf8 } from "@holdfast/base/bytes";
import type { AuditPort } from "../connection/audit-port.ts";

/** A record whose line says this. */
export function auditRecord(
  sequence: number,
  said: Readonly<Record<string, unknown>>,
  shownBy: readonly string[] = [],
): AuditRecord {
  const event = {
    v: 1,
    kind: "LockAcquired",
    cluster: "c/us-east-1/s0",
    atMs: Date.UTC(2026, 0, 31, 12, 0, sequence),
    region: "us-east-1",
    shard: "s0",
    lock: "us-east-1/default/order:1",
    grantId: "AAAAAAAAAAAAAAAAAAAAAA",
    token: `${17592186044416 + sequence}`,
    mode: "exclusive",
    owner: "alice@host",
    ttlMs: 30_000,
    ...said,
  };
  return {
    cluster: event.cluster,
    sequence: BigInt(sequence),
    previousHash: Buffer.alloc(32, sequence - 1),
    hash: Buffer.alloc(32, sequence),
    line: Buffer.from(utf8(JSON.stringify(event))),
    shownBy: [...shownBy],
  };
}

/** An object of the archive. */
export function archivedObject(said: Partial<ArchivedObject> = {}): ArchivedObject {
  return {
    day: "2026-01-01",
    cluster: "c/us-east-1/s0",
    part: 0,
    bucket: "audit",
    key: "2026-01-01/c/us-east-1/s0/0.ndjson.gz",
    bytes: 4_000n,
    sha256: Buffer.alloc(32, 1),
    rows: 100n,
    firstSequence: 1n,
    lastSequence: 100n,
    lastHash: Buffer.alloc(32, 2),
    archivedAtMs: BigInt(Date.UTC(2026, 0, 2)),
    ...said,
  };
}

const nothing = { hotFromMs: 0n, objects: [], more: false, beginsAtMs: 0n, lost: [] };

/** Answers as the test says; what it was asked is in `asked`. */
export class FakeAudit implements AuditPort {
  readonly asked: { readonly call: string; readonly request: object }[] = [];
  records: AuditRecord[] = [];
  beyond = nothing as NonNullable<TimelineResponse["beyond"]>;
  atAnswer: Partial<AtResponse> = {};
  locks: ContendedResponse["locks"] = [];
  objects: ArchivedObject[] = [];
  batches: TailResponse[] = [];
  progress: VerifyResponse[] = [];
  exported: ExportResponse[] = [];

  async timeline(request: TimelineRequest): Promise<TimelineResponse> {
    this.asked.push({ call: "timeline", request });
    return { ...this.#page(request), beyond: this.beyond };
  }

  async session(request: SessionRequest): Promise<SessionResponse> {
    this.asked.push({ call: "session", request });
    return { ...this.#page(request), beyond: this.beyond };
  }

  async at(request: AtRequest): Promise<AtResponse> {
    this.asked.push({ call: "at", request });
    const free = { holdings: [], delegation: undefined, complete: true, doubts: [] };
    return { ...free, beyond: this.beyond, ...this.atAnswer };
  }

  async contended(request: ContendedRequest): Promise<ContendedResponse> {
    this.asked.push({ call: "contended", request });
    return { locks: this.locks, beyond: this.beyond };
  }

  async archived(request: ArchivedRequest): Promise<ArchivedResponse> {
    this.asked.push({ call: "archived", request });
    return { objects: this.objects, nextPageToken: "", hotFromMs: this.beyond.hotFromMs };
  }

  async *tail(request: TailRequest, signal: AbortSignal): AsyncIterable<TailResponse> {
    this.asked.push({ call: "tail", request });
    yield* this.batches;
    if (signal.aborted) return;
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  }

  async *verify(request: VerifyRequest): AsyncIterable<VerifyResponse> {
    this.asked.push({ call: "verify", request });
    yield* this.progress;
  }

  async *export(request: ExportRequest): AsyncIterable<ExportResponse> {
    this.asked.push({ call: "export", request });
    yield* this.exported;
  }

  async close(): Promise<void> {
    this.asked.push({ call: "close", request: {} });
  }

  #page({ pageSize, pageToken }: { readonly pageSize: number; readonly pageToken: string }) {
    const start = Number(pageToken || 0);
    const records = this.records.slice(start, start + pageSize);
    const end = start + records.length;
    return { records, nextPageToken: end < this.records.length ? `${end}` : "" };
  }
}
