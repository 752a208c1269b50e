import { utf8 } from "@holdfast/base/bytes";
import { sha256 } from "@holdfast/base/digest";
import type { NewObject } from "@holdfast/engine/ports/archive";
import { freePorts } from "@holdfast/toolchain/free-ports";
import { describe, expect, it } from "vitest";
import { FakeStore, failWith, hangUp, inTurn, ok, type StoreAnswer, silence } from "./s3-store.ts";

const settings = { lifecycle: { glacierDays: 90, deepArchiveDays: 365 } };
const bytes = utf8("content");
const object: NewObject = {
  key: "lines/a b/ü.gz",
  bytes,
  sha256: sha256(bytes),
  retainUntilMs: Date.UTC(2033, 0, 1),
  contentType: "application/gzip",
};

async function store(answer: StoreAnswer): Promise<FakeStore> {
  return new FakeStore(answer).start();
}

describe("what is sent to S3", () => {
  it("has the checksum, the lock, and the word that nothing is to be overwritten", async () => {
    await using fake = await store(ok);
    expect(await fake.open().put(object)).toEqual({ kind: "stored" });
    expect(fake.asked).toHaveLength(1);
    const [{ method, path, headers, body } = expect.fail()] = fake.asked;
    expect({ method, path, body }).toEqual({
      method: "PUT",
      path: "/records/lines/a%20b/%C3%BC.gz?x-id=PutObject",
      body: "content",
    });
    expect(headers).toMatchObject({
      "x-amz-checksum-sha256": Buffer.from(sha256(bytes)).toString("base64"),
      "x-amz-object-lock-mode": "GOVERNANCE",
      "x-amz-object-lock-retain-until-date": "2033-01-01T00:00:00Z",
      "if-none-match": "*",
      "content-type": "application/gzip",
    });
  });

  it("asks for a bucket with lock, versions and lifecycle, and keeps the rules of others", async () => {
    const theirs = "<Rule><ID>theirs</ID><Status>Enabled</Status><Prefix>x/</Prefix></Rule>";
    const ours =
      "<Rule><ID>holdfast-archive</ID><Status>Enabled</Status><Prefix>y/</Prefix></Rule>";
    await using fake = await store(({ method, path }, response) => {
      if (method === "HEAD") response.writeHead(404).end();
      else if (method === "GET" && path.includes("?lifecycle")) {
        response.writeHead(200, { "content-type": "application/xml" });
        response.end(`<LifecycleConfiguration>${theirs}${ours}</LifecycleConfiguration>`);
      } else if (method === "GET") {
        failWith(404, "ObjectLockConfigurationNotFoundError")(fake.asked.at(-1) as never, response);
      } else response.writeHead(200).end();
    });
    const archive = fake.open({ region: "eu-west-1" });
    const ready = { kind: "ready", wasMade: true, warnings: [] };
    expect(await archive.ensureBucket(settings)).toEqual(ready);
    const written = fake.asked.filter(({ method }) => method === "PUT");
    const bodies = new Map(
      written.map(({ path, body }) => [path.replace(/^\/records\/?/, ""), body]),
    );
    expect([...bodies.keys()]).toEqual(["", "?versioning=", "?object-lock=", "?lifecycle="]);
    expect(written[0]?.headers["x-amz-bucket-object-lock-enabled"]).toBe("true");
    expect(bodies.get("")).toContain("<LocationConstraint>eu-west-1</LocationConstraint>");
    expect(bodies.get("?versioning=")).toContain("<Status>Enabled</Status>");
    expect(bodies.get("?object-lock=")).toContain("<ObjectLockEnabled>Enabled</ObjectLockEnabled>");
    const lifecycle = bodies.get("?lifecycle=") ?? "";
    expect(lifecycle.match(/<ID>[^<]*<\/ID>/g)).toEqual([
      "<ID>theirs</ID>",
      "<ID>holdfast-archive</ID>",
    ]);
    expect(lifecycle).toContain("<Filter><Prefix>lines/</Prefix></Filter>");
    expect(lifecycle.match(/<Transition>.*?<\/Transition>/g)).toEqual([
      "<Transition><Days>90</Days><StorageClass>GLACIER</StorageClass></Transition>",
      "<Transition><Days>365</Days><StorageClass>DEEP_ARCHIVE</StorageClass></Transition>",
    ]);
  });

  it("leaves a lock that is there as it is set", async () => {
    const lock =
      "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule>" +
      "<DefaultRetention><Mode>COMPLIANCE</Mode><Years>1</Years></DefaultRetention></Rule>" +
      "</ObjectLockConfiguration>";
    await using fake = await store(({ method, path }, response) => {
      response.writeHead(200, { "content-type": "application/xml" });
      response.end(method === "GET" && path.includes("?object-lock") ? lock : undefined);
    });
    await fake.open().ensureBucket(settings);
    const locks = fake.asked.filter(({ path }) => path.includes("?object-lock"));
    expect(locks.map(({ method }) => method)).toEqual(["GET"]);
  });

  it("says clearly which settings a store does not know, and goes on", async () => {
    await using fake = await store((request, response) => {
      if (request.path.includes("?lifecycle")) failWith(501, "NotImplemented")(request, response);
      else ok(request, response);
    });
    const reply = await fake.open().ensureBucket(settings);
    expect(reply).toMatchObject({ kind: "ready", wasMade: false });
    const warnings = reply.kind === "ready" ? reply.warnings : [];
    expect(warnings).toEqual([
      "This store does not know lifecycles: its objects stay where they were put (S3: NotImplemented: m).",
    ]);
  });
});

describe("what becomes of a put", () => {
  const cases: readonly (readonly [string, StoreAnswer, object])[] = [
    ["a busy store", failWith(503, "SlowDown"), { kind: "unavailable" }],
    ["an error of the store's own", failWith(500, "InternalError"), { kind: "unknown" }],
    ["a connection that breaks", hangUp, { kind: "unknown" }],
    ["silence", silence, { kind: "unknown" }],
    ["a stranger", failWith(403, "AccessDenied"), { kind: "refused", reason: "denied" }],
    ["a wrong key", failWith(403, "SignatureDoesNotMatch"), { kind: "refused", reason: "denied" }],
    [
      "other bytes than were sent",
      failWith(400, "BadDigest"),
      { kind: "refused", reason: "checksum" },
    ],
    ["no bucket", failWith(404, "NoSuchBucket"), { kind: "refused", reason: "no-bucket" }],
    [
      "no lock on the bucket",
      failWith(400, "InvalidRequest"),
      { kind: "refused", reason: "invalid" },
    ],
    ["an object that is there", failWith(412, "PreconditionFailed"), { kind: "exists" }],
    [
      "the checksum of other bytes in a 200",
      (_, response) => response.writeHead(200, { "x-amz-checksum-sha256": "AAAA" }).end(),
      { kind: "unknown" },
    ],
    [
      "an answer that is lost, and one that says it had been done",
      inTurn(hangUp, failWith(412, "PreconditionFailed")),
      { kind: "exists" },
    ],
    [
      "an answer that is lost, and a refusal",
      inTurn(hangUp, failWith(403, "AccessDenied")),
      { kind: "unknown" },
    ],
    ["a busy store that has time later", inTurn(failWith(503, "SlowDown"), ok), { kind: "stored" }],
  ];

  it.each(cases)("after %s", async (_, answer, expected) => {
    await using fake = await store(answer);
    const reply = await fake.open().put(object);
    expect(reply).toMatchObject(expected);
    expect(JSON.stringify(reply)).not.toContain("geheim");
  });

  it("where nobody listens is certainly nothing", async () => {
    const [port] = await freePorts(1);
    await using fake = await store(ok);
    const reply = await fake.open({ endpoint: `http://127.0.0.1:${port}` }).put(object);
    expect(reply).toMatchObject({ kind: "unavailable" });
    expect(reply).toHaveProperty("message", expect.stringContaining("ECONNREFUSED"));
  });
});

describe("what becomes of a reading", () => {
  it.each([
    ["a connection that breaks", hangUp, { kind: "unavailable" }],
    ["silence", silence, { kind: "unavailable" }],
    ["an error of the store's own", failWith(500, "InternalError"), { kind: "unavailable" }],
    ["a stranger", failWith(403, "AccessDenied"), { kind: "refused", reason: "denied" }],
    ["nothing under the key", failWith(404, "NoSuchKey"), { kind: "missing" }],
  ] as const)("after %s", async (_, answer, expected) => {
    await using fake = await store(answer);
    expect(await fake.open().get("lines/x")).toMatchObject(expected);
  });

  it("does not wait for ever for content that comes byte by byte, or stops in the middle", async () => {
    await using fake = await store((_, response) => {
      response.writeHead(200, { "content-length": "1000" });
      const drip = setInterval(() => response.write("x"), 50);
      response.on("close", () => clearInterval(drip));
    });
    const startedMs = performance.now();
    expect(await fake.open().get("lines/x")).toMatchObject({ kind: "unavailable" });
    expect(performance.now() - startedMs).toBeLessThan(3_000);
    fake.answer = (_, response) => {
      response.writeHead(200, { "content-length": "1000" });
      response.write("half", () => response.socket?.destroy());
    };
    expect(await fake.open().get("lines/x")).toMatchObject({ kind: "unavailable" });
  });

  it("says of a frozen object where it lies, and whether it is being restored", async () => {
    for (const isRestoring of [false, true]) {
      await using fake = await store((request, response) => {
        if (request.method === "GET") return failWith(403, "InvalidObjectState")(request, response);
        const restore = isRestoring ? { "x-amz-restore": 'ongoing-request="true"' } : {};
        response.writeHead(200, { "x-amz-storage-class": "DEEP_ARCHIVE", ...restore });
        response.end();
      });
      const archive = fake.open();
      const frozen = { kind: "frozen", storageClass: "DEEP_ARCHIVE", isRestoring };
      expect(await archive.get("lines/x")).toEqual(frozen);
      expect(await archive.head("lines/x")).toMatchObject({ isReadable: false });
    }
  });
});
