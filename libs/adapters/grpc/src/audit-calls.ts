import type { Server } from "@grpc/grpc-js";
import {
  isRefused,
  readArchivedRequest,
  readAtRequest,
  readContendedRequest,
  readExportRequest,
  readSessionRequest,
  readTailRequest,
  readTimelineRequest,
  readVerifyRequest,
} from "@holdfast/api/codec/audit-request";
import { AuditServiceService as calls } from "@holdfast/api/generated/holdfast/audit/v1/audit_service";
import type { Cancellation } from "@holdfast/base/cancellation";
import type { Clock } from "@holdfast/base/clock";
import { type Failure, failure, isFailure } from "@holdfast/base/failure";
import type { AuditDesk, ExportedRecord } from "@holdfast/engine/ports/audit-desk";
import {
  archivedMessage,
  atMessage,
  contendedMessage,
  exportedMessage,
  exportMessage,
  sessionMessage,
  tailMessage,
  timelineMessage,
  verifiedMessage,
  verifyMessage,
} from "./audit-messages.ts";
import { register } from "./lock-calls.ts";
import { statusError } from "./status-error.ts";
import { answerStream, type Send, type StreamCall } from "./stream-answer.ts";
import { passThrough, tooLarge } from "./unary-handler.ts";

/** What the calls need. */
export interface AuditCalls {
  readonly desk: AuditDesk;
  readonly clock: Clock;
  /** Cancelled when the server begins to stop. */
  readonly draining: Cancellation;
  /** Tails, verifications and exports at once: each reads the ledger all the time. */
  readonly streamsMax: number;
  readonly streams: OpenStreams;
}

/** How many of them there are. */
export interface OpenStreams {
  open: number;
}

/** Bytes of the lines of one message. */
const messageBytes = 256 * 1024;

/** Registers AuditService. */
export function serveAuditCalls(server: Server, audit: AuditCalls): void {
  serveQuestions(server, audit);
  serveStream(server, audit, calls.tail.path, readTailRequest, (query, send, until) =>
    audit.desk.tail(query, (batch) => send(tailMessage(batch)), until),
  );
  serveStream(server, audit, calls.verify.path, readVerifyRequest, (query, send, until) =>
    verify(audit.desk, query, send, until),
  );
  serveStream(server, audit, calls.export.path, readExportRequest, (query, send, until) =>
    exportAll(audit.desk, query, send, until),
  );
}

function serveQuestions(server: Server, { desk, clock }: AuditCalls): void {
  register(server, calls.timeline.path, clock, async (request, { cancellation }) => {
    const query = readTimelineRequest(request);
    if (isRefused(query)) return query;
    const page = await desk.timeline(query, cancellation);
    return isFailure(page) ? page : timelineMessage(page);
  });
  register(server, calls.at.path, clock, async (request, { cancellation }) => {
    const query = readAtRequest(request);
    if (isRefused(query)) return query;
    const answer = await desk.at(query.lock, query.atMs, cancellation);
    return isFailure(answer) ? answer : atMessage(answer);
  });
  register(server, calls.session.path, clock, async (request, { cancellation }) => {
    const query = readSessionRequest(request);
    if (isRefused(query)) return query;
    const page = await desk.session(query, cancellation);
    return isFailure(page) ? page : sessionMessage(page);
  });
  register(server, calls.contended.path, clock, async (request) => {
    const query = readContendedRequest(request);
    if (isRefused(query)) return query;
    const answer = await desk.contended(query);
    return isFailure(answer) ? answer : contendedMessage(answer);
  });
  register(server, calls.archived.path, clock, async (request) => {
    const query = readArchivedRequest(request);
    if (isRefused(query)) return query;
    const page = await desk.archived(query);
    return isFailure(page) ? page : archivedMessage(page);
  });
}

function serveStream<Query extends object>(
  server: Server,
  { draining, streams, streamsMax }: AuditCalls,
  path: string,
  read: (request: Uint8Array) => Query | Failure,
  produce: (query: Query, send: Send, until: Cancellation) => Promise<Failure | undefined>,
): void {
  const handler = async (call: StreamCall): Promise<void> => {
    const query = tooLarge(call.request) ?? read(call.request);
    const refused = isRefused(query) ? query : tooMany(streams.open, streamsMax);
    if (refused !== undefined || isRefused(query)) {
      call.emit("error", statusError(refused ?? (query as Failure)));
      return;
    }
    streams.open += 1;
    await answerStream(call, draining, (send, until) => produce(query, send, until));
    streams.open -= 1;
  };
  server.register(
    path,
    (call: StreamCall) => void handler(call),
    passThrough,
    passThrough,
    "serverStream",
  );
}

function tooMany(open: number, streamsMax: number): Failure | undefined {
  if (open < streamsMax) return undefined;
  const message = `${open} tails, verifications and exports run here already.`;
  return failure("RATE_LIMITED", message, { retryAfterMs: 5_000 });
}

async function verify(
  desk: AuditDesk,
  query: Parameters<AuditDesk["verify"]>[0],
  send: Send,
  until: Cancellation,
): Promise<Failure | undefined> {
  const failed = await desk.verify(query, (progress) => send(verifyMessage(progress)), until);
  if (failed === undefined) await send(verifiedMessage());
  return failed;
}

async function exportAll(
  desk: AuditDesk,
  query: Parameters<AuditDesk["export"]>[0],
  send: Send,
  until: Cancellation,
): Promise<Failure | undefined> {
  const ended = await desk.export(query, (records) => sendRecords(records, send), until);
  if (isFailure(ended)) return ended;
  await send(exportedMessage(ended));
  return undefined;
}

/** In messages that clients take. */
async function sendRecords(records: readonly ExportedRecord[], send: Send): Promise<void> {
  let some: ExportedRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    some.push(record);
    bytes += record.line.length;
    if (bytes < messageBytes) continue;
    await send(exportMessage(some));
    some = [];
    bytes = 0;
  }
  if (some.length > 0) await send(exportMessage(some));
}
