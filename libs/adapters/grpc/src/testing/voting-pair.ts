import { Server, ServerCredentials } from "@grpc/grpc-js";
import { SystemClock } from "@holdfast/base/clock";
import { SeededRandom } from "@holdfast/base/random";
import { onTestFinished } from "vitest";
import type { VotingIdentity } from "../voting-identity.ts";
import { VotingPeer, type VotingPeerOptions } from "../voting-peer.ts";
import { VotingServer, type VotingServerOptions } from "../voting-server.ts";
import { FakeVotingRegion } from "./fake-voting-region.ts";

/** Who asks. */
export const here: VotingIdentity = {
  cluster: "test",
  region: "here",
  proposer: 11,
  incarnation: 1,
};
/** Who is asked. */
export const there: VotingIdentity = {
  cluster: "test",
  region: "there",
  proposer: 22,
  incarnation: 1,
};

/** A coordinator of "there" on a port of its own; it ends with the test. */
export async function serveThere(options: Partial<VotingServerOptions> = {}, port = 0) {
  const region = new FakeVotingRegion();
  const refused: string[] = [];
  const voting = new VotingServer({
    region,
    identity: there,
    askers: ["here", "elsewhere"],
    clock: new SystemClock(),
    onRefused: (message) => refused.push(message),
    ...options,
  });
  const server = new Server({ "grpc.max_receive_message_length": 1024 * 1024 });
  voting.register(server);
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, at) =>
      error ? reject(error) : resolve(at),
    );
  });
  onTestFinished(() => server.forceShutdown());
  return { region, refused, voting, server, port: bound, address: `127.0.0.1:${bound}` };
}

/** The region "there" as a coordinator of "here" sees it; it is closed with the test. */
export function peerOf(address: string, options: Partial<VotingPeerOptions> = {}): VotingPeer {
  const peer = new VotingPeer({
    region: "there",
    addresses: [address],
    identity: here,
    clock: new SystemClock(),
    random: new SeededRandom(1),
    ...options,
  });
  onTestFinished(() => peer.close());
  return peer;
}

/** Resolves when it holds; the test's own time limit ends it otherwise. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}
