import { failure } from "@holdfast/base/failure";
import type { AdminTier } from "@holdfast/engine/ports/admin-tier";

/** A region of one shard that is well, and two others of which one lost its data. */
export const fakeAdmin: AdminTier = {
  about: () => ({
    version: "0.1.0",
    cluster: "test",
    region: "us-east-1",
    routerId: "router-1",
    store: "memory",
    uptimeMs: 1_234.5,
  }),
  placement: async () => ({
    kind: "placement",
    region: "us-east-1",
    version: 3,
    shards: [{ name: "s0", weight: 1, slotCount: 4_096 }],
    runs: [{ first: 0, last: 4_095, shard: "s0" }],
  }),
  shards: async () => [
    {
      name: "s0",
      endpoints: [],
      reachable: true,
      problem: "",
      rttMs: 0.25,
      epoch: 3,
      revision: 99n,
      slotCount: 4_096,
      members: [],
      writtenProblem: "",
    },
  ],
  locate: async () => ({
    kind: "place",
    region: "us-east-1",
    slot: 17,
    shard: "s0",
    placementVersion: 3,
  }),
  regions: async () => [
    {
      name: "us-east-1",
      local: true,
      endpoints: ["127.0.0.1:7420"],
      reachable: true,
      rttMs: 0,
      problem: "",
      global: {
        reachable: true,
        rttMs: 0.5,
        problem: "",
        incarnation: "0a1b",
        generation: 4,
        votes: true,
      },
    },
    {
      name: "us-west-2",
      local: false,
      endpoints: ["127.0.0.1:7421"],
      reachable: true,
      rttMs: 1,
      problem: "",
      global: {
        reachable: true,
        rttMs: 1,
        problem: "it lost its data",
        incarnation: "2c3d",
        generation: 0,
        votes: false,
      },
    },
    {
      name: "eu-west-1",
      local: false,
      endpoints: ["127.0.0.1:7422"],
      reachable: false,
      rttMs: 0,
      problem: "no router answered",
    },
  ],
  readmit: async (region, onProgress) => {
    if (region !== "us-west-2") return failure("INVALID_ARGUMENT", "No such region.");
    onProgress({ registersCopied: 3, step: "copying" });
    return { kind: "readmitted", registersCopied: 7, generation: 5 };
  },
  sessions: async (query) => ({
    kind: "sessions",
    sessions: [
      { maskedId: "abcdef…", shard: "s0", remainingMs: 9_000, holderCount: 1, waiterCount: 2 },
    ],
    nextPageToken: `after ${query.pageSize}`,
  }),
};
