import {
  CreateBucketCommand,
  GetBucketLifecycleConfigurationCommand,
  GetObjectLockConfigurationCommand,
  HeadBucketCommand,
  type LifecycleRule,
  PutBucketLifecycleConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectLockConfigurationCommand,
} from "@aws-sdk/client-s3";
import { linesPrefix } from "@holdfast/core/audit/archive-keys";
import type { ArchiveLifecycle } from "@holdfast/core/audit/archive-lifecycle";
import type { ArchiveNotDone, BucketSettings, EnsureReply } from "@holdfast/engine/ports/archive";
import type { Called, S3Calls } from "./s3-calls.ts";
import { isNotImplemented, readFailure, type S3Error, writeFailure } from "./s3-failure.ts";

/** Which bucket. */
export interface BucketOptions {
  readonly bucket: string;
  readonly region: string;
}

/** Our rule among those of a bucket: only this one is changed. */
const ruleId = "holdfast-archive";
const defaultRegion = "us-east-1";

/** Makes the bucket, or brings it to its settings. */
export class S3Bucket {
  readonly #calls: S3Calls;
  readonly #options: BucketOptions;

  constructor(calls: S3Calls, options: BucketOptions) {
    this.#calls = calls;
    this.#options = options;
  }

  async ensure({ lifecycle }: BucketSettings): Promise<EnsureReply> {
    const warnings: string[] = [];
    const made = await this.#make();
    if (typeof made !== "boolean") return made;
    for (const step of [
      () => this.#keepVersions(),
      () => this.#lock(),
      () => this.#age(lifecycle),
    ]) {
      const failure = await step();
      if (failure === undefined) continue;
      if ("kind" in failure) return failure;
      warnings.push(failure.warning);
    }
    return { kind: "ready", wasMade: made, warnings };
  }

  /** Whether it was not there before. */
  async #make(): Promise<boolean | ArchiveNotDone> {
    const { bucket, region } = this.#options;
    const there = await this.#read((abortSignal) =>
      this.#calls.client.send(new HeadBucketCommand({ Bucket: bucket }), { abortSignal }),
    );
    if (there.kind === "done") return false;
    if (there.error.status !== 404) return readFailure(there.error);
    const made = await this.#write((abortSignal) =>
      this.#calls.client.send(
        new CreateBucketCommand({
          Bucket: bucket,
          // Only a bucket that is made with it locks its objects on every store.
          ObjectLockEnabledForBucket: true,
          ...(region === defaultRegion
            ? {}
            : { CreateBucketConfiguration: { LocationConstraint: region as "eu-west-1" } }),
        }),
        { abortSignal },
      ),
    );
    if (made.kind === "done") return true;
    // Another archiver made it a moment ago.
    if (made.error.code === "BucketAlreadyOwnedByYou") return false;
    return writeFailure(made.error);
  }

  #keepVersions(): Promise<ArchiveNotDone | Unknown | undefined> {
    return this.#set("versions: what is put over an object replaces it", (abortSignal) =>
      this.#calls.client.send(
        new PutBucketVersioningCommand({
          Bucket: this.#options.bucket,
          VersioningConfiguration: { Status: "Enabled" },
        }),
        { abortSignal },
      ),
    );
  }

  /** One that was made without it; what it is set to besides stays. */
  async #lock(): Promise<ArchiveNotDone | Unknown | undefined> {
    const { bucket } = this.#options;
    const found = await this.#read((abortSignal) =>
      this.#calls.client.send(new GetObjectLockConfigurationCommand({ Bucket: bucket }), {
        abortSignal,
      }),
    );
    if (found.kind === "failed" && found.error.status !== 404 && !isNotImplemented(found.error)) {
      return readFailure(found.error);
    }
    const isOn =
      found.kind === "done" && found.value.ObjectLockConfiguration?.ObjectLockEnabled === "Enabled";
    if (isOn) return undefined;
    return this.#set("Object Lock: its objects can be deleted", (abortSignal) =>
      this.#calls.client.send(
        new PutObjectLockConfigurationCommand({
          Bucket: bucket,
          ObjectLockConfiguration: { ObjectLockEnabled: "Enabled" },
        }),
        { abortSignal },
      ),
    );
  }

  /** The rules of others stay. */
  async #age(lifecycle: ArchiveLifecycle): Promise<ArchiveNotDone | Unknown | undefined> {
    const { bucket } = this.#options;
    const found = await this.#read((abortSignal) =>
      this.#calls.client.send(new GetBucketLifecycleConfigurationCommand({ Bucket: bucket }), {
        abortSignal,
      }),
    );
    if (found.kind === "failed" && found.error.status !== 404 && !isNotImplemented(found.error)) {
      return readFailure(found.error);
    }
    const rules = found.kind === "done" ? (found.value.Rules ?? []) : [];
    const others = rules.filter(({ ID }) => ID !== ruleId);
    return this.#set("lifecycles: its objects stay where they were put", (abortSignal) =>
      this.#calls.client.send(
        new PutBucketLifecycleConfigurationCommand({
          Bucket: bucket,
          LifecycleConfiguration: { Rules: [...others, ruleOf(lifecycle)] },
        }),
        { abortSignal },
      ),
    );
  }

  async #set(
    what: string,
    work: (abortSignal: AbortSignal) => Promise<unknown>,
  ): Promise<ArchiveNotDone | Unknown | undefined> {
    const set = await this.#write(work);
    if (set.kind === "done") return undefined;
    if (!isNotImplemented(set.error)) return writeFailure(set.error);
    return { warning: `This store does not know ${what} (${set.error.message}).` };
  }

  #read<Value>(work: (abortSignal: AbortSignal) => Promise<Value>): Promise<Called<Value>> {
    return this.#calls.call(work, () => false);
  }

  #write<Value>(work: (abortSignal: AbortSignal) => Promise<Value>): Promise<Called<Value>> {
    return this.#calls.call(work, isMaybeDone);
  }
}

/** The store answered that it does not know such a setting. */
interface Unknown {
  readonly warning: string;
}

function isMaybeDone(error: S3Error): boolean {
  return writeFailure(error).kind === "unknown";
}

function ruleOf({ glacierDays, deepArchiveDays }: ArchiveLifecycle): LifecycleRule {
  return {
    ID: ruleId,
    Status: "Enabled",
    Filter: { Prefix: linesPrefix },
    Transitions: [
      { Days: glacierDays, StorageClass: "GLACIER" },
      { Days: deepArchiveDays, StorageClass: "DEEP_ARCHIVE" },
    ],
  };
}
