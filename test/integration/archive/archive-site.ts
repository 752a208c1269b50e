import { gunzipSync } from "node:zlib";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { connectPostgresLedger } from "@holdfast/adapter-postgres/connect-ledger";
import type { S3Archive } from "@holdfast/adapter-s3/s3-archive";
import { SystemClock } from "@holdfast/base/clock";
import {
  Archiver,
  type ArchiverSettings,
  defaultArchiverSettings,
} from "@holdfast/engine/archiver/archiver";
import type { ArchiverNews } from "@holdfast/engine/archiver/archiver-news";
import { type ArchiveFinding, verifyArchive } from "@holdfast/engine/archiver/verify-archive";
import { MemoryMeter } from "@holdfast/engine/memory/memory-meter";
import type { Ledger, LedgerRow } from "@holdfast/engine/ports/ledger";
import type { ArchivedPart } from "@holdfast/engine/ports/ledger-records";
import { ChainedRows } from "@holdfast/engine/testing/chained-rows";
import {
  execute,
  type PostgresUnderTest,
  postgresMissing,
  startPostgres,
} from "../../contract/postgres-under-test.ts";
import { type S3UnderTest, s3Missing, startS3UnderTest } from "../../contract/s3-under-test.ts";

/** Why nothing can be archived here; undefined if it can. */
export const siteMissing = postgresMissing ?? s3Missing;

const dayMs = 86_400_000;
/** Midnight of today. */
const todayMs = Math.floor(Date.now() / dayMs) * dayMs;

/** The servers under several sites. */
export class ArchiveServers implements AsyncDisposable {
  readonly postgres: PostgresUnderTest;
  readonly s3: S3UnderTest;

  private constructor(postgres: PostgresUnderTest, s3: S3UnderTest) {
    this.postgres = postgres;
    this.s3 = s3;
  }

  static async start(): Promise<ArchiveServers> {
    const [postgres, s3] = await Promise.all([startPostgres(), startS3UnderTest()]);
    return new ArchiveServers(postgres, s3);
  }

  /** A database and a bucket of their own. */
  async site(): Promise<ArchiveSite> {
    const url = await this.postgres.newDatabase();
    const connected = await connectPostgresLedger({ url, migrates: true });
    if (connected.kind !== "connected") throw new Error(connected.message);
    const archive = this.s3.open();
    return new ArchiveSite({ url, ledger: connected.ledger, archive, s3: this.s3 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.s3[Symbol.asyncDispose]();
    await this.postgres[Symbol.asyncDispose]();
  }
}

/** A real ledger and a real archive, seen past their adapters too. */
export class ArchiveSite implements AsyncDisposable {
  /** Of the ledger. */
  readonly url: string;
  readonly ledger: Ledger & { close(): Promise<void> };
  readonly archive: S3Archive;
  readonly cluster = "test/us-east-1/s0";
  readonly rows = new ChainedRows(this.cluster);
  readonly news: ArchiverNews[] = [];
  readonly #s3: S3UnderTest;
  readonly #raw: S3Client;

  constructor(parts: {
    readonly url: string;
    readonly ledger: Ledger & { close(): Promise<void> };
    readonly archive: S3Archive;
    readonly s3: S3UnderTest;
  }) {
    this.url = parts.url;
    this.ledger = parts.ledger;
    this.archive = parts.archive;
    this.#s3 = parts.s3;
    const { endpoint, region, accessKeyId, secretAccessKey } = parts.s3.server;
    const credentials = { accessKeyId, secretAccessKey };
    this.#raw = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  }

  /** What a service of this site is configured with. */
  get env(): Readonly<Record<string, string>> {
    const { endpoint, accessKeyId, secretAccessKey } = this.#s3.server;
    return {
      HOLDFAST_REGION: "us-east-1",
      HOLDFAST_POSTGRES: this.url,
      HOLDFAST_S3_ENDPOINT: endpoint,
      HOLDFAST_S3_BUCKET: this.archive.bucket,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    };
  }

  async ensureBucket(): Promise<this> {
    const lifecycle = { glacierDays: 90, deepArchiveDays: 365 };
    const reply = await this.archive.ensureBucket({ lifecycle });
    if (reply.kind !== "ready") throw new Error(reply.message);
    return this;
  }

  /** Stores the next rows, of the day so many days ago. */
  async record(count: number, daysAgo: number): Promise<LedgerRow[]> {
    const rows = this.rows.next(count, todayMs - daysAgo * dayMs + 1_000);
    const reply = await this.ledger.append(rows);
    if (reply.kind !== "appended") throw new Error(reply.message);
    return rows;
  }

  archiver(settings: Partial<ArchiverSettings> = {}): Archiver {
    return new Archiver({
      ledger: this.ledger,
      archive: this.archive,
      clock: new SystemClock(),
      meter: new MemoryMeter(),
      settings: { ...defaultArchiverSettings, closeMs: 0, ...settings },
      onNews: (news) => this.news.push(news),
    });
  }

  /** Changes the ledger past its port. */
  sql(statement: string): Promise<unknown> {
    return execute(this.url, statement);
  }

  async days(): Promise<string[]> {
    const reply = await this.ledger.days({ limit: 100 });
    return reply.kind === "days" ? reply.days.map(({ day }) => day) : [];
  }

  async parts(): Promise<readonly ArchivedPart[]> {
    const list = await this.ledger.archived({ limit: 1_000 });
    return list.kind === "list" ? list.items : [];
  }

  async damages(): Promise<string[]> {
    const found = await this.ledger.violations({ fromMs: 0, toMs: 1e14, limit: 100 });
    return found.kind === "list" ? found.items.map(({ message }) => message) : [];
  }

  async findings(): Promise<ArchiveFinding[]> {
    const found: ArchiveFinding[] = [];
    const failure = await verifyArchive(this, {}, (finding) => found.push(finding));
    if (failure !== undefined) throw new Error(failure.message);
    return found;
  }

  /** The lines of an object, read and unpacked by nothing of ours. */
  async lines(key: string): Promise<string[]> {
    const command = new GetObjectCommand({ Bucket: this.archive.bucket, Key: key });
    const { Body } = await this.#raw.send(command);
    const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array(0);
    return gunzipSync(bytes).toString().split("\n").slice(0, -1);
  }

  /** Puts a newer version over an object, which its lock does not forbid. */
  async overwrite(key: string, bytes: Uint8Array): Promise<void> {
    await this.#raw.send(
      new PutObjectCommand({ Bucket: this.archive.bucket, Key: key, Body: bytes }),
    );
  }

  /** Marks an object as deleted, or deletes one of its versions. */
  async delete(key: string, versionId?: string): Promise<void> {
    await this.#raw.send(
      new DeleteObjectCommand({
        Bucket: this.archive.bucket,
        Key: key,
        ...(versionId === undefined ? {} : { VersionId: versionId }),
      }),
    );
  }

  /** The version of an object that is read. */
  async versionOf(key: string): Promise<string> {
    const command = new GetObjectCommand({ Bucket: this.archive.bucket, Key: key });
    const { VersionId = "" } = await this.#raw.send(command);
    return VersionId;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#raw.destroy();
    await this.ledger.close();
  }
}
