import { ManualClock } from "@holdfast/base/manual-clock";
import { TlsWatch } from "@holdfast/runtime/tls-watch";
import { findTool } from "@holdfast/toolchain/find-tool";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Files, TestCertificates } from "./certificates.ts";
import { type RealStore, replace, startStore, storeTools } from "./real-stores.ts";
import { keptStore, type StoreName, storeClients } from "./store-clients.ts";

const names: readonly StoreName[] = ["Kafka", "Postgres", "Redis", "S3"];
const rereadMs = 10_000;
/** A broker takes long to start on a machine that does other things. */
const startMs = 180_000;
const missing = new Map<StoreName, string>();
for (const name of names) {
  const found = await findTool(storeTools[name], { offline: true });
  if (found.kind === "missing") missing.set(name, found.reason);
}
for (const [name, reason] of missing) console.warn(`${name} over TLS is not tested: ${reason}`);

/** What the client says of a server whose certificate is not good. */
const ofServers: readonly (readonly [which: string, said: RegExp])[] = [
  ["expired", /its certificate has expired: renew it there/],
  ["foreign", /its certificate is not signed by our CA: name the CA that signs there/],
  ["elsewhere", /its certificate is for another name \(.*127\.0\.0\.1.*\): connect by a name/],
];

/** What it says where the server does not believe it; Java tells nothing more than that. */
const ofOurs: readonly (readonly [which: string, said: RegExp])[] = [
  [
    "no certificate",
    /certificate has to be shown.*name ours|requires a valid client|not accept our|no certificate of our own is shown/,
  ],
  [
    "an expired certificate",
    /our certificate has expired: renew ours|our own certificate has expired|not accept our certificate: look/,
  ],
  [
    "a foreign certificate",
    /does not accept our certificate: look whether ours|our own certificate is not signed by/,
  ],
];

describe.each(names.filter((name) => !missing.has(name)))("a real %s over TLS", (name) => {
  let certificates: TestCertificates;
  let store: RealStore;
  let good: Files;
  let ours: Readonly<Record<string, Pick<Files, "ca"> & Partial<Files>>>;
  const connect = (as: string, files: Pick<Files, "ca"> & Partial<Files>) =>
    storeClients[name](store.addresses[as] ?? "", files, store.keys);

  beforeAll(async () => {
    certificates = await TestCertificates.make();
    good = await certificates.client();
    ours = {
      "no certificate": { ca: certificates.ca },
      "an expired certificate": await certificates.expired("our-expired"),
      "a foreign certificate": await certificates.foreign("our-foreign"),
    };
    store = await startStore[name](certificates.folder, [
      ["good", await certificates.server()],
      ["expired", await certificates.expired()],
      ["foreign", await certificates.foreign()],
      ["elsewhere", await certificates.elsewhere()],
    ]);
  }, startMs);
  afterAll(async () => {
    await store?.[Symbol.asyncDispose]();
    certificates[Symbol.dispose]();
  });

  test("lets our client in by a certificate of the CA", async () => {
    // A broker that is short of processor time is fenced, and back in a moment.
    await expect.poll(() => connect("good", good), { timeout: 30_000 }).toBe("connected");
  });

  test.each(ofServers)("is not believed where its certificate is %s", async (which, said) => {
    expect(await connect(which, good)).toMatch(said);
  });

  // A store of S3 knows its clients by their keys, and asks for no certificate.
  test.each(name === "S3" ? [] : ofOurs)(
    "refuses %s, and our client says so",
    async (which, said) => {
      // What we send may meet a connection that is closed, before we have read why.
      const ask = () => connect("good", ours[which] ?? good);
      await expect.poll(ask, { timeout: 20_000 }).toMatch(said);
    },
  );

  test("lets a client in by renewed files that it did not let in before, without a restart", async () => {
    // What is wrong at first is what the store looks at: our certificate, or whom we believe.
    const files = {
      ...(await certificates.expired("renewed")),
      ca: `${certificates.folder}/ca-of-${name}.pem`,
    };
    certificates.writeAuthority(files.ca, name === "S3" ? "foreign" : "ours");
    const clock = new ManualClock({ wallMs: Date.now() });
    const say = (): void => {};
    const log = { info: say, warn: say, error: say } as never;
    const watch = new TlsWatch({ files, use: "store", clock, log });
    await using client = await keptStore[name](
      store.addresses.good ?? "",
      files,
      watch,
      store.keys,
    );
    expect(await client.ask()).not.toBe("connected");
    replace(files, good);
    certificates.writeAuthority(files.ca, "ours");
    await clock.advance(rereadMs);
    await expect.poll(() => client.ask(), { timeout: 30_000 }).toBe("connected");
    watch.close();
  }, 60_000);
});
