import { SeededRandom } from "@holdfast/base/random";
import { beforeEach, describe, expect, it } from "vitest";
import type { Archive, PutReply } from "../ports/archive.ts";
import type { Ledger } from "../ports/ledger.ts";
import { ArchiverRig } from "../testing/archiver-rig.ts";
import { verifyArchive } from "./verify-archive.ts";

const hourMs = 3_600_000;
let rig: ArchiverRig;
beforeEach(async () => {
  rig = await new ArchiverRig().start();
});

/** The rig's archive, but for some of its calls. */
function archiveWith(change: (real: Archive) => Partial<Archive>): Archive {
  const real = rig.archive;
  return {
    bucket: real.bucket,
    put: (object) => real.put(object),
    get: (key) => real.get(key),
    head: (key) => real.head(key),
    ensureBucket: (settings) => real.ensureBucket(settings),
    ...change(real),
  };
}

describe("a store", () => {
  const untrue: Record<string, (real: Archive) => Partial<Archive>> = {
    "that refuses": () => ({
      put: async () => ({ kind: "refused", reason: "denied", message: "no" }),
    }),
    "that is not there": () => ({
      put: async () => ({ kind: "unavailable", message: "away" }),
    }),
    "that says it stored and did not": () => ({ put: async () => ({ kind: "stored" }) }),
    "that says something is there and nothing is": () => ({
      put: async () => ({ kind: "exists" }),
    }),
    "that never says what it did, and did nothing": () => ({
      put: async (): Promise<PutReply> => ({ kind: "unknown", message: "silence" }),
    }),
    "that stores other bytes": (real) => ({
      put: async (object) => {
        const reply = await real.put(object);
        rig.archive.tamper(object.key, object.bytes.with(20, 1 ^ (object.bytes[20] ?? 0)));
        return reply;
      },
    }),
    "that stores other lines, and every manifest as it is": (real) => ({
      put: async (object) => {
        const reply = await real.put(object);
        if (object.key.startsWith("lines/")) rig.archive.tamper(object.key, new Uint8Array(20));
        return reply;
      },
    }),
    "that gives other bytes back": (real) => ({
      get: async (key) => {
        const got = await real.get(key);
        return got.kind === "found" ? { ...got, bytes: got.bytes.slice(0, -1) } : got;
      },
    }),
    "that changes manifests": (real) => ({
      get: async (key) => {
        const got = await real.get(key);
        if (got.kind !== "found" || !key.startsWith("manifests/")) return got;
        return { kind: "found", bytes: Buffer.from(got.bytes).fill("0", 40, 41) };
      },
    }),
    "that loses what it stored before it is read back": (real) => ({
      put: async (object) => {
        const reply = await real.put(object);
        rig.archive.tamper(object.key, undefined);
        return reply;
      },
    }),
  };

  for (const [what, change] of Object.entries(untrue)) {
    it(`${what} has nothing recorded and nothing dropped, and it is told`, async () => {
      await rig.record(300, 0);
      await rig.until(9);
      expect(await rig.archiver({ archive: archiveWith(change) }).round()).toBe(false);
      expect(await rig.parts()).toEqual([]);
      expect(await rig.days()).toEqual(["2026-11-22"]);
      expect(rig.told("failed")).toHaveLength(1);
      expect(rig.meter.read("holdfast_archive_waiting_days")).toBe(1);
    });
  }

  it("whose answer was lost is believed by what lies there", async () => {
    await rig.record(300, 0);
    await rig.until(9);
    const archive = archiveWith((real) => ({
      put: async (object): Promise<PutReply> => {
        await real.put(object);
        return { kind: "unknown", message: "silence" };
      },
    }));
    expect(await rig.archiver({ archive }).round()).toBe(true);
    expect(await rig.days()).toEqual([]);
  });

  it("that lost or changed an object later keeps the day in the ledger", async () => {
    await rig.record(300, 0);
    await rig.record(10, 1);
    await rig.until(2, hourMs);
    await rig.archiver().round();
    const [first = "", second = ""] = rig.archive.keys("lines/");
    rig.archive.tamper(first, new Uint8Array(10));
    rig.archive.tamper(second, undefined);
    await rig.until(9);
    expect(await rig.archiver().round()).toBe(false);
    expect(await rig.days()).toEqual(["2026-11-22", "2026-11-23"]);
    const messages = rig.told("damaged").map((news) => ("message" in news ? news.message : ""));
    expect(messages).toEqual([
      expect.stringMatching(/cannot be read/),
      expect.stringMatching(/is missing/),
    ]);
  });
});

describe("a ledger", () => {
  it("that loses rows it has counted is told of, and its day stays", async () => {
    await rig.record(12, 0);
    await rig.until(9);
    const ledger = Object.assign(Object.create(rig.ledger) as Ledger, {
      ...forwarded(rig.ledger),
      days: (query: Parameters<Ledger["days"]>[0]) => rig.ledger.days(query),
      chain: async (query: Parameters<Ledger["chain"]>[0]) => {
        const page = await rig.ledger.chain(query);
        return page.kind === "page"
          ? { ...page, rows: page.rows.filter(({ sequence }) => sequence < 11n) }
          : page;
      },
    });
    expect(await rig.archiver({ ledger }).round()).toBe(false);
    expect(rig.told("damaged")).toMatchObject([
      { message: expect.stringContaining("12 were stored, 10 are there") },
    ]);
    expect(await rig.days()).toHaveLength(1);
  });
});

describe("a day that another archiver drops in the middle of it", () => {
  it("is not dropped once more with the rows that came late, be they as many", async () => {
    await rig.record(5, 0);
    await rig.until(9);
    await rig.archiver({}, { hotMs: 1e12 }).round();
    const ledger = Object.assign(Object.create(rig.ledger) as Ledger, {
      ...forwarded(rig.ledger),
      days: async (query: Parameters<Ledger["days"]>[0]) => {
        if (query.limit === 1 && (await rig.days()).length === 1) {
          await rig.ledger.dropDay("2026-11-22", 5);
          await rig.record(5, 0, 5_000);
        }
        return rig.ledger.days(query);
      },
    });
    await rig.archiver({ ledger }).round();
    expect(await rig.days()).toEqual(["2026-11-22"]);
    expect(await rig.archiver().round()).toBe(true);
    expect(await rig.days()).toEqual([]);
    expect(await rig.parts()).toEqual(["1-5", "6-10"]);
  });
});

describe("a day that another archiver drops while it is read", () => {
  it("is no damaged one", async () => {
    await rig.record(5, 0);
    await rig.until(9);
    const ledger = Object.assign(Object.create(rig.ledger) as Ledger, {
      ...forwarded(rig.ledger),
      days: (query: Parameters<Ledger["days"]>[0]) => rig.ledger.days(query),
      chain: async (query: Parameters<Ledger["chain"]>[0]) => {
        if (query.day !== undefined) await rig.archiver().round();
        return rig.ledger.chain(query);
      },
    });
    await rig.archiver({ ledger }).round();
    expect(rig.told("damaged")).toEqual([]);
    expect(rig.told("incomplete")).toEqual([]);
    expect(await rig.days()).toEqual([]);
  });
});

function forwarded(ledger: Ledger): Partial<Ledger> {
  return {
    chain: (query) => ledger.chain(query),
    archived: (query) => ledger.archived(query),
    dropDay: (day, rows) => ledger.dropDay(day, rows),
    recordArchived: (part) => ledger.recordArchived(part),
    recordViolations: (found) => ledger.recordViolations(found),
  };
}

/** Stands for kill -9: what was called before has happened, and nothing after it. */
class Killed extends Error {}

/** The same object, each of whose calls is a moment at which the archiver may be killed. */
function mortal<Target extends object>(target: Target, onCall: (name: string) => void): Target {
  return new Proxy(target, {
    get: (_, name) => {
      const value = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      return async (...given: unknown[]) => {
        onCall(`before ${String(name)}`);
        const reply = await value.apply(target, given);
        onCall(`after ${String(name)}`);
        return reply;
      };
    },
  });
}

describe("an archiver", () => {
  const bounds = { rowsMax: 40, lineBytesMax: 1e9 };

  async function everythingIsThere(rows: number): Promise<void> {
    const list = await rig.ledger.archived({ limit: 1_000 });
    const parts = list.kind === "list" ? list.items : [];
    expect(parts.reduce((sum, part) => sum + part.rows, 0)).toBe(rows);
    const bad: unknown[] = [];
    await verifyArchive(rig, {}, (found) => found.kind === "whole" || bad.push(found));
    expect(bad).toEqual([]);
  }

  it("killed before and after every one of its calls goes on as if it had not been", async () => {
    let moments = Number.POSITIVE_INFINITY;
    for (let moment = 0; moment < moments; moment++) {
      rig = await new ArchiverRig().start();
      await rig.record(100, 0);
      await rig.record(3, 1);
      await rig.until(8);
      let calls = 0;
      const onCall = (): void => {
        if (calls++ === moment) throw new Killed();
      };
      const parts = { ledger: mortal(rig.ledger, onCall), archive: mortal(rig.archive, onCall) };
      const end = await rig
        .archiver(parts, { bounds })
        .round()
        .catch((error: unknown) => error);
      if (!(end instanceof Killed)) moments = calls;
      expect(await rig.archiver({}, { bounds }).round()).toBe(true);
      expect(await rig.days()).toEqual(["2026-11-23"]);
      expect(await rig.parts()).toEqual(["1-40", "41-80", "81-100", "101-103"]);
      // What was stored before the end is found again, and not stored anew.
      expect(rig.archive.keys()).toHaveLength(8);
      await everythingIsThere(103);
    }
    expect(moments).toBeGreaterThan(40);
  });

  it("beside others, while rows come late, stores everything once", async () => {
    for (let seed = 1; seed <= 30; seed++) {
      rig = await new ArchiverRig().start();
      const random = new SeededRandom(seed);
      await rig.record(100, 0);
      await rig.until(8, hourMs);
      const pause = async (): Promise<void> => {
        for (let turns = Math.floor(random.next() * 12); turns > 0; turns--) await null;
      };
      const slow = <Target extends object>(target: Target): Target =>
        new Proxy(target, {
          get: (_, name) => {
            const value = Reflect.get(target, name);
            if (typeof value !== "function") return value;
            return async (...given: unknown[]) => {
              await pause();
              return value.apply(target, given);
            };
          },
        });
      const archivers = [1, 2, 3].map(() =>
        rig.archiver({ ledger: slow(rig.ledger), archive: slow(rig.archive) }, { bounds }),
      );
      const late = async (): Promise<void> => {
        for (let lot = 0; lot < 4; lot++) {
          await pause();
          await rig.record(7, 0, 5_000 + lot);
        }
      };
      await Promise.all([...archivers.map((archiver) => archiver.round()), late()]);
      for (let round = 0; round < 3; round++) await archivers[round]?.round();
      expect(await rig.days()).toEqual([]);
      expect(rig.told("damaged")).toEqual([]);
      await everythingIsThere(128);
    }
  });
});
