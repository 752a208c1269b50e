import { grpcCodes } from "@holdfast/api/failure-status";
import {
  HealthCheckRequest,
  HealthCheckResponse,
} from "@holdfast/api/generated/grpc/health/v1/health";
import {
  ArchivedRequest,
  ArchivedResponse,
  AtRequest,
  AtResponse,
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
import { SystemClock } from "@holdfast/base/clock";
import { LedgerDesk } from "@holdfast/engine/audit-desk/ledger-desk";
import { MemoryLedger } from "@holdfast/engine/memory/memory-ledger";
import type { AuditDesk } from "@holdfast/engine/ports/audit-desk";
import type { LedgerRow } from "@holdfast/engine/ports/ledger";
import { recordedChain } from "@holdfast/engine/testing/recorded-chain";
import { expect, onTestFinished, test } from "vitest";
import { failureIn } from "./peer-channel.ts";
import { serveAudit } from "./serve-audit.ts";
import { RawClient, type RawReply } from "./testing/raw-client.ts";

const startMs = Date.UTC(2026, 0, 1, 12);
const lock = { region: "here", namespace: "default", name: "l0" };
const clock = new SystemClock();
const service = "/holdfast.audit.v1.AuditService";

async function openDesk(
  rows: readonly LedgerRow[] = recordedChain(20, { startMs }),
  options: { readonly streamsMax?: number; readonly wrap?: (desk: AuditDesk) => AuditDesk } = {},
) {
  const ledger = new MemoryLedger();
  for (let at = 0; at < rows.length; at += 10_000) await ledger.append(rows.slice(at, at + 10_000));
  const { wrap = (desk) => desk, ...rest } = options;
  const desk = wrap(new LedgerDesk({ ledger, clock, pollMs: 5, arrivalMs: 20 }));
  const listen = "127.0.0.1:0";
  const server = await serveAudit({ listen, desk, clock, reflection: true, ...rest });
  if (server.kind !== "serving") throw new Error(server.message);
  onTestFinished(() => server.drain(0));
  const client = new RawClient(server.address);
  onTestFinished(() => client.close());
  return { ledger, server, client };
}

function bytesOf<Message>(
  type: {
    decode(bytes: Uint8Array): Message;
    encode(message: Message): { finish(): Uint8Array };
  },
  said: object = {},
): Uint8Array {
  return type.encode({ ...type.decode(new Uint8Array()), ...said }).finish();
}

function answer(reply: RawReply): Buffer {
  if ("bytes" in reply) return reply.bytes;
  throw new Error(`${reply.status.code}: ${reply.status.details}`);
}

/** Calls `call` and gathers what is streamed. */
function follow<Message>(
  client: RawClient,
  call: string,
  request: Uint8Array,
  type: { decode(bytes: Uint8Array): Message },
) {
  const messages: Message[] = [];
  let wake = () => {};
  const { ended, cancel } = client.follow(`${service}/${call}`, request, (bytes) => {
    messages.push(type.decode(bytes));
    wake();
  });
  const until = async (enough: () => boolean) => {
    while (!enough()) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return { messages, ended, cancel, until };
}

test("the questions are answered as the record has it", async () => {
  const { client } = await openDesk();
  const ask = async (call: string, request: Uint8Array) =>
    answer(await client.call(`${service}/${call}`, request));
  const timeline = TimelineResponse.decode(
    await ask("Timeline", bytesOf(TimelineRequest, { lock, pageSize: 3 })),
  );
  expect(timeline.records.map(({ sequence }) => sequence)).toEqual([1n, 2n, 7n]);
  expect(JSON.parse(timeline.records[0]?.line.toString() ?? "")).toMatchObject({
    kind: "LockAcquired",
    token: "100",
  });
  expect(timeline.nextPageToken).not.toBe("");
  const at = AtResponse.decode(
    await ask("At", bytesOf(AtRequest, { lock, atMs: BigInt(startMs + 500) })),
  );
  expect(at).toMatchObject({
    complete: true,
    holdings: [{ grantId: "g0", token: 100n, mode: 1, grantedBy: 1, region: "here" }],
  });
  const session = { session: "s".repeat(22) };
  const did = SessionResponse.decode(await ask("Session", bytesOf(SessionRequest, session)));
  expect(did.records).toEqual([]);
  const contended = ContendedResponse.decode(await ask("Contended", bytesOf(ContendedRequest)));
  expect(contended).toMatchObject({ locks: [], beyond: { more: false } });
  const archived = ArchivedResponse.decode(await ask("Archived", bytesOf(ArchivedRequest)));
  expect(archived).toMatchObject({ objects: [], hotFromMs: BigInt(Date.UTC(2026, 0, 1)) });
});

test("a request that breaks a rule, and a ledger that does not answer, are told apart", async () => {
  const { client, ledger } = await openDesk();
  const timeline = (said: object) =>
    client.call(`${service}/Timeline`, bytesOf(TimelineRequest, said));
  const wrong = await timeline({ lock, pageSize: 1_001 });
  expect("status" in wrong && failureIn(wrong.status)).toMatchObject({
    code: "INVALID_ARGUMENT",
    field: "page_size",
  });
  const foreign = await timeline({ lock, pageToken: "x" });
  expect("status" in foreign && failureIn(foreign.status)).toMatchObject({
    code: "INVALID_ARGUMENT",
  });
  ledger.timeline = async () => ({ kind: "unavailable", message: "nobody is there" });
  const lost = await timeline({ lock });
  expect("status" in lost && failureIn(lost.status)).toMatchObject({
    code: "SHARD_UNAVAILABLE",
    message: "The record's store does not answer: nobody is there.",
  });
});

test("a tail tells what arrives, until it is cancelled", async () => {
  const rows = recordedChain(20, { startMs });
  const { client, ledger } = await openDesk(rows.slice(0, 10));
  const tail = follow(client, "Tail", bytesOf(TailRequest, { fromMs: 0n }), TailResponse);
  const sequences = () => tail.messages.flatMap(({ records }) => records.map((r) => r.sequence));
  await tail.until(() => sequences().length === 10);
  await ledger.append(rows.slice(10));
  await tail.until(() => sequences().length === 20);
  expect(sequences()).toEqual(rows.map(({ sequence }) => sequence));
  expect(tail.messages.every(({ cursor }) => cursor !== "")).toBe(true);
  tail.cancel();
  expect(await tail.ended).toMatchObject({ code: grpcCodes.CANCELLED });
});

test("a verification says how far it is, what it found, and that it is done", async () => {
  const rows = recordedChain(2_500, { startMs });
  const { client } = await openDesk(rows.filter(({ sequence }) => sequence !== 1_200n));
  const verify = follow(client, "Verify", bytesOf(VerifyRequest), VerifyResponse);
  expect(await verify.ended).toMatchObject({ code: grpcCodes.OK });
  expect(verify.messages.at(-1)).toMatchObject({ done: true });
  expect(verify.messages.length).toBeGreaterThan(3);
  const [{ verdict } = {}] = verify.messages.filter((message) => message.verdict !== undefined);
  expect(verdict).toMatchObject({
    head: { cluster: "c/here/s0", sequence: 1_199n },
    damage: { kind: "deleted", first: 1_200n, last: 1_200n },
  });
});

test("an export gives every record, in messages that clients take, and says that it is all", async () => {
  const rows = recordedChain(300, { startMs, owner: "o".repeat(20_000) });
  const { client } = await openDesk(rows);
  const all = follow(client, "Export", bytesOf(ExportRequest), ExportResponse);
  expect(await all.ended).toMatchObject({ code: grpcCodes.OK });
  const records = all.messages.flatMap((message) => message.records);
  expect(records.map(({ sequence }) => sequence)).toEqual(rows.map(({ sequence }) => sequence));
  expect(records[7]?.line.equals(Buffer.from(rows[7]?.line ?? []))).toBe(true);
  expect(all.messages.map(({ done }) => done).indexOf(true)).toBe(all.messages.length - 1);
  expect(Math.max(...all.messages.map((m) => m.records.length))).toBeLessThan(20);
});

test("past the bound a stream is refused, and there is room again when one has ended", async () => {
  const { client } = await openDesk([], { streamsMax: 1 });
  const first = follow(client, "Tail", bytesOf(TailRequest), TailResponse);
  await first.until(() => first.messages.length > 0);
  const second = follow(client, "Export", bytesOf(ExportRequest), ExportResponse);
  expect(failureIn(await second.ended)).toMatchObject({ code: "RATE_LIMITED" });
  first.cancel();
  await first.ended;
  await expect
    .poll(async () => {
      const again = follow(client, "Export", bytesOf(ExportRequest), ExportResponse);
      return (await again.ended).code;
    })
    .toBe(grpcCodes.OK);
});

test("a server that stops says so to health checks and to those who listen", async () => {
  const { client, server } = await openDesk();
  const check = async (of: string) => {
    const request = HealthCheckRequest.encode({ service: of }).finish();
    const reply = await client.call("/grpc.health.v1.Health/Check", request);
    return "bytes" in reply ? HealthCheckResponse.decode(reply.bytes).status : reply.status.code;
  };
  expect(await check("holdfast.audit.v1.AuditService")).toBe(1);
  expect(await check("holdfast.v1.LockService")).toBe(grpcCodes.NOT_FOUND);
  server.setServing(false);
  expect(await check("")).toBe(2);
  const tail = follow(client, "Tail", bytesOf(TailRequest), TailResponse);
  await tail.until(() => tail.messages.length > 0);
  await server.drain(1_000);
  expect(failureIn(await tail.ended)).toMatchObject({ code: "SHARD_UNAVAILABLE" });
});
