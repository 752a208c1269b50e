import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { S3Calls, type S3Options } from "./s3-calls.ts";
import { contentOf } from "./s3-content.ts";

/** Bytes of one part: what is in memory at once. S3 takes 10,000 parts, so 320 GB of a file. */
const standardPartBytes = 32 * 1024 ** 2;

/** Which bucket of which store. */
export interface S3FilesOptions extends S3Options {
  readonly bucket: string;
  /** 32 MiB if absent; S3 takes none below 5 MiB but the last. */
  readonly partBytes?: number;
}

/** What became of a file. */
export type FileReply =
  | { readonly kind: "done"; readonly bytes: number }
  /** Nothing was stored, or the file on this side is not whole; the message is for people. */
  | { readonly kind: "failed"; readonly message: string };

/** Files that are too large for memory, as objects of a bucket, whole or not at all. */
export class S3Files {
  readonly #bucket: string;
  readonly #calls: S3Calls;
  readonly #partBytes: number;

  /** Connects with the first call. */
  constructor(options: S3FilesOptions) {
    this.#bucket = options.bucket;
    this.#calls = new S3Calls(options);
    this.#partBytes = options.partBytes ?? standardPartBytes;
  }

  /** Stores the file at `path` as `key`; what was there under that name is replaced. */
  async upload(path: string, key: string): Promise<FileReply> {
    const at = { Bucket: this.#bucket, Key: key };
    const begun = await this.#call((abortSignal) => {
      const command = new CreateMultipartUploadCommand({ ...at, ChecksumAlgorithm: "SHA256" });
      return this.#calls.client.send(command, { abortSignal });
    });
    if (begun.kind === "failed") return begun;
    const upload = { ...at, UploadId: begun.value.UploadId };
    const file = await open(path);
    const sent = await this.#uploadParts(file, upload).finally(() => file.close());
    if (sent.kind === "done") {
      const { parts: Parts, bytes } = sent;
      const ended = await this.#call((abortSignal) => {
        const command = new CompleteMultipartUploadCommand({
          ...upload,
          MultipartUpload: { Parts },
        });
        return this.#calls.client.send(command, { abortSignal });
      });
      // The answer may have been lost, and the upload be gone because it was completed.
      if (ended.kind === "done" || (await this.#size(key)) === bytes)
        return { kind: "done", bytes };
      return ended;
    }
    await this.#call((abortSignal) =>
      this.#calls.client.send(new AbortMultipartUploadCommand(upload), { abortSignal }),
    );
    return sent;
  }

  /** Writes the object `key` to a new file at `path`. */
  async download(key: string, path: string): Promise<FileReply> {
    const head = await this.#call((abortSignal) => this.#head(key, abortSignal));
    if (head.kind === "failed") return head;
    const { ContentLength: bytes = 0, ETag: IfMatch } = head.value;
    const file = await open(path, "w");
    try {
      for (let from = 0; from < bytes; from += this.#partBytes) {
        const to = Math.min(from + this.#partBytes, bytes) - 1;
        const part = await this.#call(async (abortSignal) => {
          const range = { Range: `bytes=${from}-${to}`, IfMatch };
          const command = new GetObjectCommand({ Bucket: this.#bucket, Key: key, ...range });
          const { Body } = await this.#calls.client.send(command, { abortSignal });
          return contentOf(Body, this.#partBytes, abortSignal);
        });
        if (part.kind === "failed") return part;
        await file.write(part.value, 0, part.value.length, from);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    return { kind: "done", bytes };
  }

  /** Ends all connections. */
  close(): void {
    this.#calls.close();
  }

  async #uploadParts(file: FileHandle, upload: { Bucket: string; Key: string }) {
    const parts: { PartNumber: number; ETag: string | undefined; ChecksumSHA256: string }[] = [];
    const buffer = Buffer.alloc(this.#partBytes);
    for (let bytes = 0; ; ) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, bytes);
      if (bytesRead === 0) return { kind: "done", parts, bytes } as const;
      const Body = buffer.subarray(0, bytesRead);
      const ChecksumSHA256 = createHash("sha256").update(Body).digest("base64");
      const PartNumber = parts.length + 1;
      const put = await this.#call((abortSignal) => {
        const command = new UploadPartCommand({
          ...(upload as { Bucket: string; Key: string; UploadId: string }),
          PartNumber,
          Body,
          ContentLength: bytesRead,
          ChecksumSHA256,
        });
        return this.#calls.client.send(command, { abortSignal });
      });
      if (put.kind === "failed") return put;
      parts.push({ PartNumber, ETag: put.value.ETag, ChecksumSHA256 });
      bytes += bytesRead;
    }
  }

  async #size(key: string): Promise<number | undefined> {
    const head = await this.#call((abortSignal) => this.#head(key, abortSignal));
    return head.kind === "done" ? head.value.ContentLength : undefined;
  }

  #head(Key: string, abortSignal: AbortSignal) {
    const command = new HeadObjectCommand({ Bucket: this.#bucket, Key });
    return this.#calls.client.send(command, { abortSignal });
  }

  async #call<Value>(work: (abortSignal: AbortSignal) => Promise<Value>) {
    const called = await this.#calls.call(work, () => false);
    if (called.kind === "done") return called;
    return { kind: "failed", message: called.error.message } as const;
  }
}
