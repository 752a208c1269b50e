import { type Failure, isFailure } from "@holdfast/base/failure";
import { answerAgeMaxMs } from "./cache-keys.ts";
import { type AnswerForm, type CachedAnswer, decodeAnswer, encodeAnswer } from "./cached-answer.ts";
import { type Cache, type CacheEntry, cacheLimits } from "./ports/cache.ts";
import type { Counter, Meter } from "./ports/meter.ts";
import type { Surroundings } from "./shard.ts";

/** An answer of a router whose wall clock is ahead by more is not believed, in ms. */
const aheadMaxMs = 1_000;
/** An answer that took longer is not worth keeping for what is left of its time, in ms. */
const askedMaxMs = 4_000;
/** Who asks so long after the shard was asked, in ms, is not content with that answer. */
const joinMaxMs = 1_000;
/** Answers being written to the cache at once; past it they are not kept. */
const fillsMax = 256;

/** What is told and kept. */
interface Dated {
  readonly kind: string;
  /** How long ago it was read, in ms; absent: for this very answer. */
  readonly ageMs?: number;
}

/** Something that is asked again and again. */
export interface Question<Answer extends Dated> {
  readonly call: "get" | "list";
  /** Under which its answer is kept. */
  readonly key: string;
  /** Marks that do away with an answer read at a lower revision of their shard. */
  readonly guards: readonly Guard[];
  readonly form: AnswerForm<Answer>;
  /** Asks who knows. */
  ask(): Promise<Asked<Answer> | Failure>;
  /** What orders the answers: the newest is kept. */
  rank(asked: Asked<Answer>, readAtMs: number): bigint;
}

/** A mark in the cache, and the shard whose revisions it is of. */
export interface Guard {
  readonly shard: string;
  readonly key: string;
}

/** An answer from who knows. */
export interface Asked<Answer> {
  readonly answer: Answer;
  /** By shard, the lowest revision at which it was read there. */
  readonly seen: ReadonlyMap<string, bigint>;
}

/** A question that is being answered. */
interface Flight {
  readonly answer: Promise<unknown>;
  readonly course: Course;
}

/** How far it is with that. */
interface Course {
  /** When the shard was asked, on the monotonic clock; undefined: it was not, so far. */
  askedMs: number | undefined;
}

type Result = "hit" | "shared" | "absent" | "outdated" | "damaged" | "unavailable";
type Fill = "kept" | "outrun" | "skipped" | "unavailable";

/**
 * Answers out of a cache what the cache knows, and asks who knows for the rest. Whatever the cache
 * does, an answer was true at some moment of the last {@link answerAgeMaxMs} (by the wall clocks of
 * the routers, and independently by the cache's own), and what nobody answers is a failure.
 *
 * Who asks what is being asked for gets that answer: however many ask at once, one looks.
 */
export class CacheAside {
  readonly #cache: Cache;
  readonly #surroundings: Surroundings;
  readonly #flights = new Map<string, Flight>();
  readonly #reads: Counter<"call" | "result">;
  readonly #fills: Counter<"result">;
  #filling = 0;

  constructor(cache: Cache, surroundings: Surroundings, meter: Meter) {
    this.#cache = cache;
    this.#surroundings = surroundings;
    this.#reads = meter.counter({
      name: "holdfast_cached_reads_total",
      help:
        "CACHED reads by how they were answered. Those that are a hit, or shared the answer to a " +
        "read under way, cost the shard nothing; their part of all is the hit ratio.",
      labels: ["call", "result"],
    });
    this.#fills = meter.counter({
      name: "holdfast_cache_fills_total",
      help: "Answers that were to be kept in the cache, by what became of them.",
      labels: ["result"],
    });
  }

  async answer<Answer extends Dated>(question: Question<Answer>): Promise<Answer | Failure> {
    const { call, key } = question;
    const flying = this.#flights.get(key);
    const askedMs = flying?.course.askedMs;
    const lateMs = askedMs === undefined ? 0 : this.#surroundings.clock.monotonicMs() - askedMs;
    if (flying === undefined || lateMs > joinMaxMs) return this.#takeOff(question);
    this.#reads.add(1, { call, result: "shared" });
    const answer = (await flying.answer) as Answer | Failure;
    // It may have been read at any moment since the shard was asked.
    return lateMs <= 0 || isFailure(answer) ? answer : { ...answer, ageMs: lateMs };
  }

  async #takeOff<Answer extends Dated>(question: Question<Answer>): Promise<Answer | Failure> {
    const course: Course = { askedMs: undefined };
    const answer = this.#fly(question, course);
    const flight = { answer, course };
    this.#flights.set(question.key, flight);
    try {
      return await answer;
    } finally {
      if (this.#flights.get(question.key) === flight) this.#flights.delete(question.key);
    }
  }

  async #fly<Answer extends Dated>(
    question: Question<Answer>,
    course: Course,
  ): Promise<Answer | Failure> {
    const kept = await this.#lookUp(question);
    const result: Result = typeof kept === "string" ? kept : "hit";
    this.#reads.add(1, { call: question.call, result });
    if (typeof kept !== "string") return kept.answer;
    const { clock } = this.#surroundings;
    // Before it is asked: what is asked for may be read at any moment after this one.
    const [sentMs, readAtMs] = [clock.monotonicMs(), clock.wallMs()];
    course.askedMs = sentMs;
    const asked = await question.ask();
    if ("kind" in asked) return asked;
    void this.#fill(question, { ...asked, readAtMs }, clock.monotonicMs() - sentMs);
    return asked.answer;
  }

  /** The answer as the cache has it, or why it has none that can be believed. */
  async #lookUp<Answer extends Dated>({
    key,
    guards,
    form,
  }: Question<Answer>): Promise<CachedAnswer<Answer> | Exclude<Result, "hit" | "shared">> {
    const reply = await this.#cache.read([key, ...guards.map((guard) => guard.key)]);
    if (reply.kind === "unavailable") return "unavailable";
    const [entry, ...marks] = reply.entries;
    if (entry === undefined) return "absent";
    if (entry.value === undefined) return "outdated";
    const nowMs = this.#surroundings.clock.wallMs();
    const kept = decodeAnswer(key, entry.value, form, nowMs);
    if (kept === undefined) return "damaged";
    const ageMs = nowMs - kept.readAtMs;
    if (!(ageMs >= -aheadMaxMs && ageMs <= answerAgeMaxMs)) return "outdated";
    return guards.some((guard, index) => overtakes(marks[index], guard, kept)) ? "outdated" : kept;
  }

  async #fill<Answer extends Dated>(
    question: Question<Answer>,
    fresh: CachedAnswer<Answer>,
    tookMs: number,
  ): Promise<void> {
    const { key, form } = question;
    const value = tookMs > askedMaxMs ? undefined : encodeAnswer(key, fresh, form);
    const isTooLong = value === undefined || value.length > cacheLimits.valueBytesMax;
    if (isTooLong || this.#filling >= fillsMax) {
      this.#filled("skipped");
      return;
    }
    this.#filling++;
    const revision = question.rank(fresh, fresh.readAtMs);
    const ttlMs = Math.ceil(answerAgeMaxMs - tookMs);
    const reply = await this.#cache.write([{ key, revision, value, ttlMs }]);
    this.#filling--;
    if (reply.kind === "unavailable") this.#filled("unavailable");
    else this.#filled(reply.outrun === 0 ? "kept" : "outrun");
  }

  #filled(result: Fill): void {
    this.#fills.add(1, { result });
  }
}

/** The mark's shard changed after the answer was read there. */
function overtakes(
  mark: CacheEntry | undefined,
  { shard }: Guard,
  { seen }: CachedAnswer<unknown>,
): boolean {
  const at = seen.get(shard);
  return mark !== undefined && at !== undefined && mark.revision > at;
}
