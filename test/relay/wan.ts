import { invariant } from "@holdfast/base/invariant";
import { type Place, TcpRelay } from "./tcp-relay.ts";

/** Round trips between regions, in ms, under both their names in any order. */
export interface RoundTrip {
  readonly between: readonly [string, string];
  readonly ms: number;
}

/** Three regions of one installation, as far apart as they are in earnest. */
export const threeRegions: readonly RoundTrip[] = [
  { between: ["us-east-1", "us-west-2"], ms: 62 },
  { between: ["us-east-1", "eu-west-1"], ms: 75 },
  { between: ["us-west-2", "eu-west-1"], ms: 135 },
];

/** What leads from one region to another: everything that travels that way, in all connections. */
interface Path {
  readonly from: string;
  readonly to: string;
  readonly latencyMs: number;
  extraMs: number;
  isCut: boolean;
}

interface Dialled {
  readonly relay: TcpRelay;
  readonly from: string;
  readonly to: string;
}

/** The network between regions on one machine: a relay for each server dialled from afar. */
export class Wan implements AsyncDisposable {
  readonly regions: readonly string[];
  readonly #paths: readonly Path[];
  readonly #dialled: Dialled[] = [];

  constructor(roundTrips: readonly RoundTrip[] = threeRegions) {
    this.regions = [...new Set(roundTrips.flatMap(({ between }) => between))];
    this.#paths = roundTrips.flatMap(({ between: [one, other], ms }) => {
      const rest = { latencyMs: ms / 2, extraMs: 0, isCut: false };
      return [
        { from: one, to: other, ...rest },
        { from: other, to: one, ...rest },
      ];
    });
  }

  /** Every direction there is. */
  get directions(): readonly { readonly from: string; readonly to: string }[] {
    return this.#paths;
  }

  /** `host:port` under which processes of `from` reach a server of `to` on `port` of loopback. */
  async dial(from: string, to: string, port: number): Promise<string> {
    const relay = await this.#lay(from, to, { port: 0 }, { port });
    return `127.0.0.1:${relay.port}`;
  }

  /**
   * Processes of `from` reach a server of `to` on the socket `target` by that at `path`. So servers
   * that are all told the same addresses of each other go different ways: each looks for the path
   * in a folder of its own.
   */
  async dialSocket(from: string, to: string, path: string, target: string): Promise<void> {
    await this.#lay(from, to, { path }, { path: target });
  }

  /** Nothing passes that way until {@link restore}; what is sent meanwhile arrives then. */
  cut(from: string, to: string): void {
    this.#change(from, to, { isCut: true });
  }

  /** Everything takes `extraMs` longer that way. */
  slow(from: string, to: string, extraMs: number): void {
    this.#change(from, to, { extraMs });
  }

  restore(from: string, to: string): void {
    this.#change(from, to, { isCut: false, extraMs: 0 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#dialled.map(({ relay }) => relay.stop()));
  }

  async #lay(from: string, to: string, place: Place, target: Place): Promise<TcpRelay> {
    const relay = await TcpRelay.between(place, target);
    this.#dialled.push({ relay, from, to });
    this.#apply(this.#path(from, to));
    this.#apply(this.#path(to, from));
    return relay;
  }

  #change(from: string, to: string, change: Partial<Pick<Path, "extraMs" | "isCut">>): void {
    this.#apply(Object.assign(this.#path(from, to), change));
  }

  #path(from: string, to: string): Path {
    const path = this.#paths.find((each) => each.from === from && each.to === to);
    invariant(path !== undefined, `there is a way from ${from} to ${to}`);
    return path;
  }

  /** A way carries the requests of those who dial along it, and the answers to the others. */
  #apply({ from, to, latencyMs, extraMs, isCut }: Path): void {
    const link = { latencyMs: latencyMs + extraMs, held: isCut };
    for (const dialled of this.#dialled) {
      if (dialled.from === from && dialled.to === to) dialled.relay.shape("toServer", link);
      if (dialled.from === to && dialled.to === from) dialled.relay.shape("toClient", link);
    }
  }
}
