import { readFileSync, writeFileSync } from "node:fs";
import { Server } from "@grpc/grpc-js";
import { CoordinatorAdmin } from "@holdfast/adapter-grpc/coordinator-admin";
import { openServerDoor, type ServerDoor } from "@holdfast/adapter-grpc/server-door";
import { SystemClock } from "@holdfast/base/clock";
import { ManualClock } from "@holdfast/base/manual-clock";
import { OwnIdentity } from "@holdfast/client/grpc/own-identity";
import { Holdfast } from "@holdfast/client/holdfast";
import { TlsWatch } from "@holdfast/runtime/tls-watch";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Files, TestCertificates } from "./certificates.ts";
import { knock } from "./knock.ts";

const rereadMs = 10_000;
let certificates: TestCertificates;
let client: Files;

beforeAll(async () => {
  certificates = await TestCertificates.make();
  client = await certificates.client();
});
afterAll(() => certificates[Symbol.dispose]());

/** A door whose certificates are read again when the clock says so. */
class WatchedDoor implements AsyncDisposable {
  readonly clock = new ManualClock({ wallMs: Date.now() });
  readonly said: string[] = [];
  readonly #watch: TlsWatch;
  #door: ServerDoor | undefined;

  constructor(files: Files) {
    const say = (_fields: unknown, message?: string) => void this.said.push(message ?? "");
    const log = { info: say, warn: say, error: say } as never;
    this.#watch = new TlsWatch({ files, use: "service", clock: this.clock, log });
  }

  async open(): Promise<this> {
    const tls = { identity: this.#watch, onRefused: () => {} };
    const closing = { begin: () => {} };
    const server = new Server();
    const door = await openServerDoor(server, "127.0.0.1:0", new SystemClock(), closing, tls);
    if (door.kind === "refused") throw new Error(door.message);
    this.#door = door;
    return this;
  }

  get address(): string {
    return this.#door?.address ?? "";
  }

  /** Whose certificate it shows. */
  async shows(): Promise<string> {
    const answer = await knock(Number(this.address.split(":")[1]), client);
    return answer.kind === "spoke" ? answer.serverCertificate : answer.why;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#watch.close();
    await this.#door?.drain(0);
  }
}

/** Puts the content of `from` where `to` lies. */
function replace(
  to: Files,
  from: Files,
  parts: readonly ("cert" | "key")[] = ["cert", "key"],
): void {
  for (const part of parts) writeFileSync(to[part], readFileSync(from[part]));
}

test("new connections see a renewed certificate, without a restart", async () => {
  const files = await certificates.server("first");
  await using door = await new WatchedDoor(files).open();
  expect(await door.shows()).toBe("CN=first");
  replace(files, await certificates.server("second"));
  expect(await door.shows()).toBe("CN=first");
  await door.clock.advance(rereadMs);
  expect(await door.shows()).toBe("CN=second");
  expect(door.said).toEqual([expect.stringMatching(/certificates \(service\) were replaced/)]);
});

test("files that do not fit together, or are cut off, change nothing", async () => {
  const files = await certificates.server("kept");
  const next = await certificates.server("next");
  await using door = await new WatchedDoor(files).open();
  replace(files, next, ["cert"]);
  await door.clock.advance(3 * rereadMs);
  expect(await door.shows()).toBe("CN=kept");
  expect(door.said).toEqual([
    expect.stringMatching(/stay as they were: the key in .* does not belong/),
  ]);
  const whole = readFileSync(next.cert, "utf8");
  writeFileSync(files.cert, whole.slice(0, whole.length / 2));
  await door.clock.advance(rereadMs);
  expect(await door.shows()).toBe("CN=kept");
  expect(door.said.at(-1)).toMatch(/holds no whole certificate/);
  replace(files, next);
  await door.clock.advance(rereadMs);
  expect(await door.shows()).toBe("CN=next");
});

test("a certificate that is about to end, or has ended, is told of, and not every time", async () => {
  const files = await certificates.endingSoon();
  await using door = new WatchedDoor(files);
  expect(door.said).toEqual([expect.stringMatching(/expires in 0 days, on .*: renew it/)]);
  await door.clock.advance(3 * rereadMs);
  expect(door.said).toHaveLength(1);
  await door.clock.advance(13 * 3_600_000);
  expect(door.said.at(-1)).toMatch(/the certificate \(service\) has expired, on /);
});

test("a client uses renewed files for its next connection", async () => {
  const files = await certificates.expired("renewed");
  await using door = await new WatchedDoor(await certificates.server("door")).open();
  const ask = async () => {
    const admin = new CoordinatorAdmin([door.address], new OwnIdentity(files));
    const reply = await admin.members();
    admin.close();
    return "message" in reply ? reply.message : "answered";
  };
  expect(await ask()).toMatch(/our own certificate has expired \(on /);
  const identity = new OwnIdentity(files);
  const before = identity.current;
  replace(files, await certificates.client("fresh"));
  expect(identity.current).not.toBe(before);
  // It gets through; there is no coordinator behind this door.
  expect(await ask()).not.toMatch(/certificate/);
  writeFileSync(files.key, "half a k");
  expect(identity.current.own?.cert).toBe(readFileSync(files.cert, "utf8"));
});

test.each([
  ["none", /no certificate of our own is shown, and servers ask for one/],
  ["expired", /our own certificate has expired/],
  ["foreign", /our own certificate is not signed by the CA we believe in/],
])("the SDK says what a server has against its certificate: %s", async (which, words) => {
  await using door = await new WatchedDoor(await certificates.server("strict")).open();
  const shown = {
    none: { ca: certificates.ca },
    expired: await certificates.expired(),
    foreign: await certificates.foreign(),
  }[which] as Files;
  const connecting = Holdfast.connect({ endpoints: [door.address], tls: shown });
  await expect(connecting).rejects.toThrow(words);
});

test("the SDK refuses files that are none, before it connects", async () => {
  const connecting = Holdfast.connect({ endpoints: ["127.0.0.1:1"], tls: { ca: "no-such-file" } });
  await expect(connecting).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
});
