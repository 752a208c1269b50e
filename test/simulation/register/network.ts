import type { Random } from "@holdfast/base/random";
import type { Timeline } from "./timeline.ts";
import type { Weather } from "./weather.ts";

/** Round trips between the regions, in milliseconds, by `from * 3 + to`. */
const roundTripMs = [1, 62, 75, 62, 1, 135, 75, 135, 1] as const;
const never = Number.POSITIVE_INFINITY;

/** Carries messages between regions: late, twice, in another order, or not at all. */
export class Network {
  readonly #timeline: Timeline;
  readonly #random: Random;
  readonly #weather: Weather;
  /** How much of the weather each directed link has. */
  readonly #links: readonly number[];
  /** No message passes from the one to the other until then. */
  readonly #cutUntilMs = [0, 0, 0, 0, 0, 0, 0, 0, 0];
  readonly #slowerMs = [0, 0, 0, 0, 0, 0, 0, 0, 0];
  #isCalm = false;
  /** Messages lost or doubled so far. */
  mishaps = 0;

  constructor(timeline: Timeline, random: Random, weather: Weather) {
    this.#timeline = timeline;
    this.#random = random;
    this.#weather = weather;
    this.#links = this.#cutUntilMs.map(() => (weather.isSlow && random.next() < 0.6 ? 0.01 : 1));
  }

  /** From now on nothing is lost, doubled or cut. */
  calm(): void {
    this.#isCalm = true;
    this.#cutUntilMs.fill(0);
  }

  /** Carries something from one region to another, perhaps late, twice or not at all. */
  send(from: number, to: number, deliver: () => void, mayCopy = true): void {
    if (this.#isCalm) {
      this.#carry(from, to, 1, deliver);
      return;
    }
    const { loss, copies, jitterMs } = this.#weather;
    const isLost = loss > 0 && from !== to && this.#random.next() < loss;
    if (isLost) this.mishaps++;
    else this.#carry(from, to, jitterMs, deliver);
    if (copies === 0 || !mayCopy || this.#random.next() >= copies) return;
    this.mishaps++;
    this.#carry(from, to, jitterMs * 4, deliver);
  }

  /** Nothing passes in this direction for so long. */
  cut(from: number, to: number, lengthMs: number): void {
    this.#cutUntilMs[from * 3 + to] = this.#timeline.nowMs + lengthMs;
  }

  /** Nothing passes in this direction any more. */
  sever(from: number, to: number): void {
    this.#cutUntilMs[from * 3 + to] = never;
  }

  /** Everything to and from the region takes this much longer. */
  slow(region: number, moreMs: number): void {
    for (let other = 0; other < 3; other++) {
      if (other === region) continue;
      this.#slowerMs[region * 3 + other] = moreMs;
      this.#slowerMs[other * 3 + region] = moreMs;
    }
  }

  /** How much longer it takes there and back than usual. */
  slownessMs(region: number): number {
    const [there, back] = [(region + 1) % 3, (region + 2) % 3];
    return (
      2 * Math.min(this.#slowerMs[region * 3 + there] ?? 0, this.#slowerMs[region * 3 + back] ?? 0)
    );
  }

  #carry(from: number, to: number, jitterMs: number, deliver: () => void): void {
    const link = from * 3 + to;
    const baseMs = ((roundTripMs[link] as number) * this.#weather.distance) / 2;
    // Most are on time and a few are very late.
    const chance = this.#random.next();
    const square = chance * chance;
    const { lateness } = this.#weather;
    const late = lateness === 2 ? square : lateness === 4 ? square * square : square ** 32;
    const lateMs = late * jitterMs * (this.#links[link] as number);
    this.#timeline.after(baseMs + lateMs + (this.#slowerMs[link] as number), () => {
      if ((this.#cutUntilMs[link] as number) <= this.#timeline.nowMs) deliver();
    });
  }
}
