import type { Mode } from "@holdfast/core/lock/lock-id";
import type { AcquireResult, HistoryEvent } from "./history-event.ts";

/** A history of one lock written by hand; every client's op is called as the client. */
export class HandmadeHistory {
  readonly events: HistoryEvent[] = [];

  asks(client: string, atMs: number, mode: Mode = "exclusive", waitMs = 1_000): this {
    const rest = { client, op: client, lock: "lock", mode, waitMs };
    this.events.push({ kind: "invoke", atMs, ...rest });
    return this;
  }

  gets(client: string, atMs: number, token: number): this {
    const rest = { op: client, result: "granted", token: String(token) } as const;
    this.events.push({ kind: "return", atMs, ...rest });
    return this;
  }

  hears(client: string, atMs: number, result: AcquireResult): this {
    this.events.push({ kind: "return", atMs, op: client, result });
    return this;
  }

  believes(client: string, atMs: number, untilMs: number): this {
    this.events.push({ kind: "believes", atMs, op: client, untilMs });
    return this;
  }

  loses(client: string, atMs: number): this {
    this.events.push({ kind: "lost", atMs, op: client, why: "expired" });
    return this;
  }

  releases(client: string, atMs: number, answeredMs?: number): this {
    this.events.push({ kind: "release", atMs, op: client });
    if (answeredMs === undefined) return this;
    this.events.push({ kind: "released", atMs: answeredMs, op: client, result: "released" });
    return this;
  }

  dies(client: string, atMs: number): this {
    this.events.push({ kind: "died", atMs, client });
    return this;
  }
}
