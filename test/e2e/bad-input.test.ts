import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { Client, credentials } from "@grpc/grpc-js";
import { failureOf, statusDetailsKey } from "@holdfast/api/failure-status";
import { Mode, Scope } from "@holdfast/api/generated/holdfast/v1/lock";
import { AcquireRequest, AcquireResponse } from "@holdfast/api/generated/holdfast/v1/lock_service";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { whyNoEtcd } from "./environment.ts";
import { CommandLine } from "./holdfast.ts";
import { Platform } from "./platform.ts";

const noEtcd = await whyNoEtcd();

describe.skipIf(noEtcd !== undefined)("bad input through the real door", () => {
  let platform: Platform;
  let cli: CommandLine;
  beforeAll(async () => {
    platform = await Platform.start("--regions us-east-1,eu-west-1 --shards 1");
    cli = new CommandLine(platform);
  });
  afterAll(() => platform[Symbol.asyncDispose]());

  it.each([
    ["a name of 257 bytes", ["acquire", "x".repeat(257)], /257 bytes.*256/s],
    ["a name with a letter that none may have", ["try", "café"], /this one has U\+00E9/],
    ["a ttl of less than 2 s", ["acquire", "order:1", "--ttl", "1s"], /--ttl.*2 ?s/s],
    ["a ttl of more than 1 h", ["acquire", "order:1", "--ttl", "61m"], /--ttl.*1 ?h/s],
    ["a ttl that is none", ["acquire", "order:1", "--ttl", "soon"], /--ttl.*soon/s],
    ["a wait of more than 1 h", ["acquire", "order:1", "--wait", "2h"], /--wait.*1 ?h/s],
    ["a namespace of 65 bytes", ["get", "a", "--namespace", "n".repeat(65)], /65 bytes.*64/s],
    ["a name with ..", ["get", "a/../b", "--namespace", "tree"], /\.\./],
    ["a handle that was cut", ["release", "us-east-1/default/order:1#x.44p"], /not a whole handle/],
    ["a name without its token", ["release", "order:1"], /--token/],
    ["an endpoint that is none", ["ls", "--endpoints", "nowhere"], /nowhere/],
    ["an option that there is not", ["acquire", "order:1", "--forever"], /--forever/],
  ])("%s is refused with 64, and what is wrong with it named", async (_what, words, says) => {
    const { code, stdout, stderr } = await cli.run(words);
    expect({ code, stdout }).toEqual({ code: 64, stdout: "" });
    expect(stderr.replaceAll(/\s+/g, " ")).toMatch(says);
  });

  it("takes a name of exactly 256 bytes and a ttl of exactly 2 s", async () => {
    const name = "x".repeat(256);
    expect((await cli.json(`try ${name} --ttl 2s`)).lock).toBe(name);
  });

  it("a handle of another grant releases nothing: 70", async () => {
    const handle = await cli.acquire("order:2 --ttl 1m");
    const [lock = "", grant = ""] = handle.split("#");
    const [mode, grantId = "", ...rest] = grant.split(".");
    const forged = `${lock}#${[mode, [...grantId].toReversed().join(""), ...rest].join(".")}`;
    expect((await cli.run(`release ${forged}`)).code).toBe(70);
    expect(await cli.json("get order:2")).toMatchObject({ state: "exclusive" });
  });

  it("an endpoint where nobody listens is told at once: 69", async () => {
    const { code, stderr } = await cli.run("acquire order:3", { endpoints: "127.0.0.1:1" });
    expect(code).toBe(69);
    expect(stderr).toContain("Nothing listens at 127.0.0.1:1.");
  });

  it("an endpoint that is no router is told as such: 69", async () => {
    const etcd = new URL(platform.regions[0]?.shards[0]?.endpoints[0] ?? "").host;
    const { code, stderr } = await cli.run("acquire order:3", { endpoints: etcd });
    expect(code, stderr).toBe(69);
  });

  it("a region that there is not is named, with those that there are", async () => {
    const { code, stderr } = await cli.run("try order:3 --region mars-1");
    expect(code, stderr).toBe(64);
    expect(stderr).toContain("mars-1");
  });

  it("a session id that was never given out is SESSION_EXPIRED, and takes nothing", async () => {
    expect(await codeOfRefusal(randomBytes(16).toString("base64url"))).toBe("SESSION_EXPIRED");
    expect(await codeOfRefusal("no session id")).toBe("INVALID_ARGUMENT");
    expect(await cli.json("get order:4")).toMatchObject({ state: "free" });
  });

  it("garbage at the port ends that connection alone", async () => {
    const garbage = [
      Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
      randomBytes(64 * 1024),
      Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), randomBytes(64 * 1024)]),
      Buffer.alloc(64 * 1024),
    ];
    for (const bytes of garbage) {
      const socket = await rawConnection();
      socket.write(bytes);
      socket.resume();
      await Promise.race([once(socket, "close"), new Promise((done) => setTimeout(done, 1_000))]);
      socket.destroy();
    }
    expect((await cli.json("try order:5")).granted).toBe(true);
    expect(platform.program.stdout).not.toContain("starting it again");
  });

  it("200 connections that say nothing keep nobody from a lock", async () => {
    const silent = await Promise.all(Array.from({ length: 200 }, rawConnection));
    try {
      expect((await cli.json("try order:6")).granted).toBe(true);
    } finally {
      for (const socket of silent) socket.destroy();
    }
    expect(platform.program.stdout).not.toContain("starting it again");
  });

  async function rawConnection(): Promise<Socket> {
    const [host = "", port] = platform.endpoint().split(":");
    const socket = connect(Number(port), host);
    await once(socket, "connect");
    // The router may well reset it.
    socket.on("error", () => {});
    return socket;
  }

  /** What the router answers to an acquire under a session that there is not. */
  function codeOfRefusal(sessionId: string): Promise<string> {
    const client = new Client(platform.endpoint(), credentials.createInsecure(), {
      "grpc.enable_http_proxy": 0,
    });
    const request: AcquireRequest = {
      lock: { region: "us-east-1", namespace: "default", name: "order:4" },
      scope: Scope.SCOPE_LOCAL,
      mode: Mode.MODE_EXCLUSIVE,
      requestId: "request-1",
      sessionId,
      ttlMs: 0,
      waitMs: 0,
      owner: "",
      metadata: {},
      traceparent: "",
      resent: false,
    };
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        "/holdfast.v1.LockService/Acquire",
        (message: AcquireRequest) => Buffer.from(AcquireRequest.encode(message).finish()),
        (bytes: Buffer) => AcquireResponse.decode(bytes),
        request,
        { deadline: Date.now() + 10_000 },
        (error, response) => {
          client.close();
          if (error === null) return reject(new Error(JSON.stringify(response)));
          const [detailsBin] = error.metadata.get(statusDetailsKey);
          const { code, details: message } = error;
          resolve(failureOf({ code, message, detailsBin: detailsBin as Buffer }).code);
        },
      );
    });
  }
});
