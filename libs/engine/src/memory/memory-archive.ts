import type { Clock } from "@holdfast/base/clock";
import { linesPrefix } from "@holdfast/core/audit/archive-keys";
import {
  type ArchiveLifecycle,
  type StorageClass,
  storageClassAt,
} from "@holdfast/core/audit/archive-lifecycle";
import { objectProblem, settingsProblem } from "../archive-limits.ts";
import type {
  Archive,
  ArchiveRefusal,
  BucketSettings,
  EnsureReply,
  GetReply,
  HeadReply,
  NewObject,
  PutReply,
} from "../ports/archive.ts";

const dayMs = 86_400_000;
const hourMs = 3_600_000;
/** How long a restore takes at most, by where the object lies. */
const restoreMs: Readonly<Record<StorageClass, number>> = {
  STANDARD: 0,
  GLACIER: 5 * hourMs,
  DEEP_ARCHIVE: 12 * hourMs,
};

interface Stored {
  /** The latest version last. */
  readonly versions: Uint8Array[];
  readonly storedAtMs: number;
  readonly retainUntilMs: number;
  restored?: { readonly fromMs: number; readonly untilMs: number };
}

/**
 * The archive in memory: the same answers to the same questions (test/contract), and what a real
 * one takes a year for, by its clock: objects move to colder storage and must be restored.
 */
export class MemoryArchive implements Archive {
  readonly bucket: string;
  readonly #clock: Clock;
  readonly #objects = new Map<string, Stored>();
  #settings: BucketSettings | undefined;

  /** There is no bucket yet: {@link ensureBucket} makes it. */
  constructor(clock: Clock, bucket = "memory") {
    this.#clock = clock;
    this.bucket = bucket;
  }

  /** The keys that begin with `prefix`, in order. */
  keys(prefix = ""): string[] {
    return [...this.#objects.keys()].filter((key) => key.startsWith(prefix)).sort();
  }

  async put(object: NewObject): Promise<PutReply> {
    const problem = objectProblem(object) ?? this.#problem();
    if (problem !== undefined) return problem;
    const { key, bytes, retainUntilMs } = object;
    if (this.#objects.has(key)) return { kind: "exists" };
    const storedAtMs = this.#clock.wallMs();
    this.#objects.set(key, { versions: [bytes.slice()], storedAtMs, retainUntilMs });
    return { kind: "stored" };
  }

  async get(key: string): Promise<GetReply> {
    const problem = this.#problem();
    if (problem !== undefined) return problem;
    const stored = this.#objects.get(key);
    const bytes = stored?.versions.at(-1);
    if (stored === undefined || bytes === undefined) return { kind: "missing" };
    if (this.#isReadable(key, stored)) return { kind: "found", bytes: bytes.slice() };
    const isRestoring = (stored.restored?.fromMs ?? 0) > this.#clock.wallMs();
    return { kind: "frozen", storageClass: this.#classOf(key, stored), isRestoring };
  }

  async head(key: string): Promise<HeadReply> {
    const stored = this.#objects.get(key);
    const bytes = stored?.versions.at(-1);
    if (stored === undefined || bytes === undefined) return { kind: "missing" };
    const { retainUntilMs } = stored;
    return {
      kind: "there",
      bytes: bytes.length,
      storageClass: this.#classOf(key, stored),
      isReadable: this.#isReadable(key, stored),
      retainUntilMs,
    };
  }

  async ensureBucket(settings: BucketSettings): Promise<EnsureReply> {
    const problem = settingsProblem(settings);
    if (problem !== undefined) return problem;
    const wasMade = this.#settings === undefined;
    this.#settings = settings;
    return { kind: "ready", wasMade, warnings: [] };
  }

  /** What an operator does with a frozen object: hours later it can be read, for some days. */
  restore(key: string, days: number): void {
    const stored = this.#objects.get(key);
    if (stored === undefined) return;
    const fromMs = this.#clock.wallMs() + restoreMs[this.#classOf(key, stored)];
    stored.restored = { fromMs, untilMs: fromMs + days * dayMs };
  }

  /** What somebody does past the port: puts other bytes over an object, or deletes it. */
  tamper(key: string, bytes: Uint8Array | undefined): void {
    if (bytes !== undefined) this.#objects.get(key)?.versions.push(bytes);
    else this.#objects.delete(key);
  }

  #isReadable(key: string, stored: Stored): boolean {
    if (this.#classOf(key, stored) === "STANDARD") return true;
    const { fromMs = Number.POSITIVE_INFINITY, untilMs = 0 } = stored.restored ?? {};
    const nowMs = this.#clock.wallMs();
    return fromMs <= nowMs && nowMs < untilMs;
  }

  #classOf(key: string, { storedAtMs }: Stored): StorageClass {
    const lifecycle: ArchiveLifecycle | undefined = this.#settings?.lifecycle;
    if (lifecycle === undefined || !key.startsWith(linesPrefix)) return "STANDARD";
    return storageClassAt(lifecycle, Math.floor((this.#clock.wallMs() - storedAtMs) / dayMs));
  }

  #problem(): ArchiveRefusal | undefined {
    if (this.#settings !== undefined) return undefined;
    const message = `there is no bucket ${this.bucket}`;
    return { kind: "refused", reason: "no-bucket", message };
  }
}
