import { integerBelow, type Random } from "@holdfast/base/random";
import type { HistoryEvent } from "./history-event.ts";
import { type Tenure, tenuresOf } from "./tenure.ts";

/** One wrong thing put into a history that was in order. */
export interface PlantedFault {
  readonly name: string;
  /** Undefined where the history offers no place for it. */
  plant(events: readonly HistoryEvent[], random: Random): HistoryEvent[] | undefined;
}

/** Everything the checkers must find. */
export const plantedFaults: readonly PlantedFault[] = [
  {
    name: "a client is sure of a lock that the next one has been told it holds",
    plant: (events, random) => {
      const [first, second] = pick(successors(events), random) ?? [];
      if (first === undefined || second === undefined) return undefined;
      // The first ends just after the second was answered, and everything after that with it.
      const lateMs = second.returnMs + 0.001;
      if (second.believedUntilMs <= lateMs || first.release === undefined) return undefined;
      return events.map((event) =>
        "op" in event && event.op === first.op && event.atMs >= first.believedUntilMs
          ? { ...event, atMs: Math.max(event.atMs, lateMs) }
          : event,
      );
    },
  },
  {
    name: "two holders in a row swap their tokens",
    plant: (events, random) => {
      const [first, second] = pick(successors(events), random) ?? [];
      if (first === undefined || second === undefined) return undefined;
      return events.map((event) => {
        if (event.kind !== "return") return event;
        if (event.op === first.op) return { ...event, token: String(second.token) };
        return event.op === second.op ? { ...event, token: String(first.token) } : event;
      });
    },
  },
  {
    name: "a token is given out twice",
    plant: (events, random) => {
      const [first, second] = pick(successors(events), random) ?? [];
      if (first === undefined || second === undefined) return undefined;
      return events.map((event) =>
        event.kind === "return" && event.op === second.op
          ? { ...event, token: String(first.token) }
          : event,
      );
    },
  },
  {
    name: "a try finds a lock taken that nobody can have had",
    plant: (events) => {
      const lastMs = Math.max(...events.map(({ atMs }) => atMs));
      const atMs = lastMs + 100_000;
      const lock = "lock0";
      const own = grants(events).filter((tenure) => tenure.lock === lock);
      const last = own.reduce((a, b) => (a.token > b.token ? a : b));
      // Whoever was before an exclusive holder has certainly ended.
      if (last.mode === "shared" || last.endedMs > atMs) return undefined;
      const rest = { client: "late", op: "late", lock, mode: "exclusive", waitMs: 0 } as const;
      return [
        ...events,
        { kind: "invoke", atMs, ...rest },
        { kind: "return", atMs: atMs + 1, op: "late", result: "held" },
      ];
    },
  },
  {
    name: "a shared lock is granted beside an exclusive one",
    plant: (events, random) => {
      const exclusive = grants(events).filter(
        ({ mode, believedUntilMs, returnMs }) =>
          mode === "exclusive" && believedUntilMs - returnMs > 1,
      );
      const target = pick(exclusive, random);
      if (target === undefined) return undefined;
      const { lock, returnMs, token } = target;
      const rest = { client: "intruder", op: "intruder", lock, waitMs: 0 };
      return [
        ...events,
        { kind: "invoke", atMs: returnMs + 0.1, ...rest, mode: "shared" },
        {
          kind: "return",
          atMs: returnMs + 0.2,
          op: "intruder",
          result: "granted",
          // The token before the other's may not exist, and one after it must not give it away.
          token: String(token),
        },
        { kind: "release", atMs: returnMs + 0.3, op: "intruder" },
        { kind: "released", atMs: returnMs + 0.4, op: "intruder", result: "released" },
      ];
    },
  },
];

function grants(events: readonly HistoryEvent[]): Tenure[] {
  return tenuresOf(events).filter(({ result }) => result === "granted");
}

/** Exclusive tenures in a row, the second asked for after the first was answered. */
function successors(events: readonly HistoryEvent[]): (readonly [Tenure, Tenure])[] {
  const pairs: (readonly [Tenure, Tenure])[] = [];
  for (const own of Map.groupBy(grants(events), ({ lock }) => lock).values()) {
    const ordered = own.toSorted((a, b) => (a.token < b.token ? -1 : 1));
    for (const [index, second] of ordered.entries()) {
      const first = ordered[index - 1];
      if (first?.mode !== "exclusive" || second.mode !== "exclusive") continue;
      if (second.invokeMs > first.returnMs) pairs.push([first, second]);
    }
  }
  return pairs;
}

function pick<T>(items: readonly T[], random: Random): T | undefined {
  return items[integerBelow(random, items.length)];
}
