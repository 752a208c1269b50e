import { readFileSync } from "node:fs";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { createServer, TLSSocket } from "node:tls";
import { EtcdShardStore } from "@holdfast/adapter-etcd/etcd-shard-store";
import { CoordinatorAdmin } from "@holdfast/adapter-grpc/coordinator-admin";
import { OwnIdentity } from "@holdfast/client/grpc/own-identity";
import { Holdfast } from "@holdfast/client/holdfast";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Files, TestCertificates } from "./certificates.ts";
import { storeClients } from "./store-clients.ts";

/** Somebody who pretends to be one of the servers we connect to. */
interface Impostor extends AsyncDisposable {
  readonly address: string;
}

let certificates: TestCertificates;
let own: Files;
const bad = new Map<string, Files>();

beforeAll(async () => {
  certificates = await TestCertificates.make();
  own = await certificates.client();
  bad.set("expired", await certificates.expired());
  bad.set("foreign", await certificates.foreign());
  bad.set("of another name", await certificates.elsewhere());
  // Good for a client, and not to pass for a server with it.
  bad.set("of a client", await certificates.client("other-client"));
});
afterAll(() => certificates[Symbol.dispose]());

/** Which words a person reads, by what is wrong with the server's certificate. */
const words: Readonly<Record<string, RegExp>> = {
  expired: /certificate has expired/,
  foreign: /not signed by our CA|signature failure|unable to verify|self-signed/,
  "of another name": /for another name|altnames/,
  "of a client": /not meant for this use|unsuitable certificate purpose/,
};

/** Ways to connect somewhere; each answers with what it says about a server it does not believe. */
const clients: Readonly<Record<string, (address: string) => Promise<string>>> = {
  SDK: (address) =>
    Holdfast.connect({ endpoints: [address], tls: own }).then(
      () => "connected",
      (error: Error) => error.message,
    ),
  "router to coordinator": async (address) => {
    const admin = new CoordinatorAdmin([address], new OwnIdentity(own));
    const reply = await admin.members();
    admin.close();
    return "message" in reply ? reply.message : "connected";
  },
  etcd: async (address) => {
    const store = new EtcdShardStore({
      ...{ endpoints: [`https://${address}`], region: "here", shard: "s0", deadlineMs: 1_000 },
      tls: new OwnIdentity(own),
    });
    const reply = await store.grantLease(10);
    store.close();
    return "message" in reply ? reply.message : "connected";
  },
  Kafka: (address) => storeClients.Kafka(address, own),
  Redis: (address) => storeClients.Redis(address, own),
  Postgres: (address) => storeClients.Postgres(address, own),
  S3: (address) => storeClients.S3(address, own),
};

const cases = Object.keys(clients).flatMap((client) =>
  Object.keys(words).map((fault) => [client, fault] as const),
);

test.each(cases)("%s does not believe a server whose certificate is %s", async (client, fault) => {
  const files = bad.get(fault) as Files;
  await using server = await (client === "Postgres" ? pretendPostgres(files) : pretend(files));
  const said = await clients[client]?.(server.address);
  expect(said).toMatch(words[fault] as RegExp);
});

test.each(Object.keys(clients))(
  "%s shows its certificate to a server it believes",
  async (client) => {
    const files = await certificates.server();
    const seen: string[] = [];
    const onClient = (who: string) => void seen.push(who);
    const isPostgres = client === "Postgres";
    await using server = await (isPostgres ? pretendPostgres : pretend)(files, onClient);
    // What comes after the handshake is no answer that it understands.
    await clients[client]?.(server.address).catch(() => {});
    expect(new Set(seen)).toEqual(new Set(["CN=client"]));
  },
);

test.each(Object.keys(clients))("%s says that a server speaks no TLS", async (client) => {
  await using server = await listening(
    createTcpServer((socket) => socket.end("HTTP/1.1 400\r\n\r\n")),
  );
  expect(await clients[client]?.(server.address)).not.toBe("connected");
});

/** `onClient` hears whom a certificate of ours was of. */
async function pretend(files: Files, onClient: (who: string) => void = () => {}) {
  const server = createServer(serverOptions(files), (socket) => {
    onClient(subjectOf(socket));
    socket.destroy();
  });
  server.on("tlsClientError", () => {});
  return listening(server);
}

function serverOptions({ cert, key, ca }: Files) {
  const [certPem, keyPem, caPem] = [readFileSync(cert), readFileSync(key), readFileSync(ca)];
  const asking = { requestCert: true, rejectUnauthorized: false };
  return { cert: certPem, key: keyPem, ca: caPem, ...asking };
}

function subjectOf(socket: TLSSocket): string {
  return socket.getPeerX509Certificate()?.subject ?? "nobody";
}

/** Postgres asks in plain text first whether TLS is spoken. */
async function pretendPostgres(files: Files, onClient: (who: string) => void = () => {}) {
  const options = { isServer: true, ...serverOptions(files) };
  const server = createTcpServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => {
      socket.write("S");
      const secured = new TLSSocket(socket, options);
      secured.on("error", () => {});
      secured.on("secure", () => {
        onClient(subjectOf(secured));
        secured.destroy();
      });
    });
  });
  return listening(server);
}

async function listening(server: ReturnType<typeof createTcpServer>): Promise<Impostor> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
