import { SystemClock } from "@holdfast/base/clock";
import type { RequestId } from "@holdfast/base/ids";
import type { AcquireCommand } from "@holdfast/core/command/command";
import { onTestFinished } from "vitest";
import { type GrpcServer, type GrpcServerOptions, serveGrpc } from "../serve-grpc.ts";
import { fakeAdmin } from "./fake-admin.ts";
import { FakeTier } from "./fake-tier.ts";
import { RawClient } from "./raw-client.ts";

/** A server over a fake tier on a port of its own, and a client of it; both end with the test. */
export async function openDoor(options: Partial<GrpcServerOptions> = {}): Promise<{
  readonly server: GrpcServer;
  readonly tier: FakeTier;
  readonly client: RawClient;
}> {
  const tier = new FakeTier();
  const server = await serveGrpc({
    listen: "127.0.0.1:0",
    tier,
    admin: fakeAdmin,
    clock: new SystemClock(),
    reflection: true,
    ...options,
  });
  if (server.kind === "refused") throw new Error(server.message);
  const client = new RawClient(server.address);
  onTestFinished(async () => {
    client.close();
    await server.drain(0);
  });
  return { server, tier, client };
}

/** What makes {@link tryFor} ask for a global lock. */
export const globally = {
  lock: { region: "global", namespace: "default", name: "a" },
  scope: "global",
} as const satisfies Partial<AcquireCommand>;

let made = 0;

/** A try for a lock under a ttl of its own, by a new request each time. */
export function tryFor(name: string, more: Partial<AcquireCommand> = {}): AcquireCommand {
  const number = String(++made).padStart(12, "0");
  return {
    kind: "acquire",
    lock: { region: "us-east-1", namespace: "default", name },
    scope: "local",
    mode: "exclusive",
    requestId: `7f3c1f6e-8a1d-4c55-9b2e-${number}` as RequestId,
    ttlMs: 5_000,
    waitMs: 0,
    owner: "test",
    metadata: {},
    ...more,
  };
}
