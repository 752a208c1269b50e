import {
  GetObjectCommand,
  GetObjectRetentionCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import type { StorageClass } from "@holdfast/core/audit/archive-lifecycle";
import { objectProblem, settingsProblem } from "@holdfast/engine/archive-limits";
import {
  type Archive,
  type BucketSettings,
  type EnsureReply,
  type GetReply,
  type HeadReply,
  type NewObject,
  objectBytesMax,
  type PutReply,
} from "@holdfast/engine/ports/archive";
import { S3Bucket } from "./s3-bucket.ts";
import { S3Calls, type S3Options } from "./s3-calls.ts";
import { contentOf } from "./s3-content.ts";
import { readFailure, type S3Error, writeFailure } from "./s3-failure.ts";

/**
 * `governance`: who has a right of its own may end an object's retention before its time.
 * `compliance`: nobody may, the owner of the account included.
 */
export type LockMode = "governance" | "compliance";

/** Which bucket of which store. */
export interface S3ArchiveOptions extends S3Options {
  readonly bucket: string;
  readonly lockMode: LockMode;
}

/** The audit's archive in a bucket of S3, or of a store that speaks as S3 does. */
export class S3Archive implements Archive {
  readonly bucket: string;
  readonly #calls: S3Calls;
  readonly #bucket: S3Bucket;
  readonly #lockMode: LockMode;

  /** Connects with the first call. */
  constructor(options: S3ArchiveOptions) {
    this.bucket = options.bucket;
    this.#lockMode = options.lockMode;
    this.#calls = new S3Calls(options);
    this.#bucket = new S3Bucket(this.#calls, options);
  }

  async put(object: NewObject): Promise<PutReply> {
    const problem = objectProblem(object);
    if (problem !== undefined) return problem;
    const { key, bytes, sha256, retainUntilMs, contentType } = object;
    const checksum = Buffer.from(sha256).toString("base64");
    const put = await this.#calls.call(
      (abortSignal) =>
        this.#calls.client.send(
          new PutObjectCommand({
            Bucket: this.bucket,
            Key: key,
            Body: bytes,
            ContentLength: bytes.length,
            ContentType: contentType,
            ChecksumSHA256: checksum,
            // Nothing is put over an object: the newer version would be the one that is read.
            IfNoneMatch: "*",
            ObjectLockMode: this.#lockMode === "compliance" ? "COMPLIANCE" : "GOVERNANCE",
            ObjectLockRetainUntilDate: new Date(retainUntilMs),
          }),
          { abortSignal },
        ),
      isMaybeDone,
    );
    if (put.kind === "done") {
      const { ChecksumSHA256 = checksum } = put.value;
      if (ChecksumSHA256 === checksum) return { kind: "stored" };
      const message = `S3: ${key} was stored with the checksum ${ChecksumSHA256}`;
      return { kind: "unknown", message };
    }
    if (put.error.status === 412) return { kind: "exists" };
    const { message } = put.error;
    return put.mayBeDone ? { kind: "unknown", message } : writeFailure(put.error);
  }

  async get(key: string): Promise<GetReply> {
    const got = await this.#read(async (abortSignal) => {
      const command = new GetObjectCommand({ Bucket: this.bucket, Key: key });
      const { Body } = await this.#calls.client.send(command, { abortSignal });
      return contentOf(Body, objectBytesMax, abortSignal);
    });
    if (got.kind === "done") return { kind: "found", bytes: got.value };
    if (got.error.code === "NoSuchKey") return { kind: "missing" };
    if (got.error.code !== "InvalidObjectState") return readFailure(got.error);
    const head = await this.#head(key);
    if (head.kind === "failed") return readFailure(head.error);
    return {
      kind: "frozen",
      storageClass: classOf(head.value),
      isRestoring: /ongoing-request="true"/.test(head.value.Restore ?? ""),
    };
  }

  async head(key: string): Promise<HeadReply> {
    const head = await this.#head(key);
    if (head.kind === "failed") {
      return head.error.status === 404 ? { kind: "missing" } : readFailure(head.error);
    }
    const { ContentLength = 0, ObjectLockRetainUntilDate, Restore = "" } = head.value;
    const storageClass = classOf(head.value);
    const until = ObjectLockRetainUntilDate ?? (await this.#retention(key));
    return {
      kind: "there",
      bytes: ContentLength,
      storageClass,
      isReadable: storageClass === "STANDARD" || /ongoing-request="false"/.test(Restore),
      ...(until === undefined ? {} : { retainUntilMs: until.getTime() }),
    };
  }

  async ensureBucket(settings: BucketSettings): Promise<EnsureReply> {
    return settingsProblem(settings) ?? this.#bucket.ensure(settings);
  }

  /** Ends all connections. */
  close(): void {
    this.#calls.close();
  }

  #head(key: string) {
    const command = new HeadObjectCommand({ Bucket: this.bucket, Key: key });
    return this.#read((abortSignal) => this.#calls.client.send(command, { abortSignal }));
  }

  /** Not every store tells it with the object. */
  async #retention(key: string): Promise<Date | undefined> {
    const command = new GetObjectRetentionCommand({ Bucket: this.bucket, Key: key });
    const got = await this.#read((abortSignal) =>
      this.#calls.client.send(command, { abortSignal }),
    );
    return got.kind === "done" ? got.value.Retention?.RetainUntilDate : undefined;
  }

  #read<Value>(work: (abortSignal: AbortSignal) => Promise<Value>) {
    return this.#calls.call(work, () => false);
  }
}

function isMaybeDone(error: S3Error): boolean {
  return writeFailure(error).kind === "unknown";
}

/** Classes that can be read at once are as good as the standard one. */
function classOf({ StorageClass: named }: HeadObjectCommandOutput): StorageClass {
  return named === "GLACIER" || named === "DEEP_ARCHIVE" ? named : "STANDARD";
}
