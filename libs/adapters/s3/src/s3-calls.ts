import { setTimeout as pause } from "node:timers/promises";
import { S3Client } from "@aws-sdk/client-s3";
import type { TlsIdentity } from "@holdfast/base/tls/material";
import { IdentityAgent } from "./identity-agent.ts";
import { type S3Error, s3Error } from "./s3-failure.ts";

/** How long things may take, in milliseconds. */
export interface S3Limits {
  /** For a connection; 3,000 if absent. */
  readonly connectMs?: number;
  /** For one try, the content of an answer included; 30,000 if absent. */
  readonly tryMs?: number;
  /** How often something is tried, the first time included; 3 if absent. */
  readonly tries?: number;
}

/** Which store, and who asks. */
export interface S3Options extends S3Limits {
  /** `http://host:port`, for a store other than Amazon's; its buckets are named in the path. */
  readonly endpoint?: string;
  readonly region: string;
  /** Absent: as the machine is set up (a role, a profile). Never told in any message. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** For `https://`; the system's authorities, and no certificate of our own, if absent. */
  readonly tls?: TlsIdentity | undefined;
}

/** The first pause before something is tried again, in ms; it doubles. */
const pauseMs = 100;

/** What one call came to: of several tries, `earlier` ones may have been carried out. */
export type Called<Value> =
  | { readonly kind: "done"; readonly value: Value }
  | { readonly kind: "failed"; readonly error: S3Error; readonly mayBeDone: boolean };

/** Calls to one store, each in bounded time. */
export class S3Calls {
  readonly client: S3Client;
  readonly #endpoint: string | undefined;
  readonly #tryMs: number;
  readonly #tries: number;

  constructor(options: S3Options) {
    const { endpoint, region, credentials, tls } = options;
    const { connectMs = 3_000, tryMs = 30_000, tries = 3 } = options;
    this.#endpoint = endpoint;
    this.#tryMs = tryMs;
    this.#tries = tries;
    this.client = new S3Client({
      region,
      ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
      ...(credentials === undefined ? {} : { credentials }),
      // Here: only who sees each try can say what became of all of them.
      maxAttempts: 1,
      // Objects have the checksum that we give them, and are compared with it by us.
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
      requestHandler: {
        connectionTimeout: connectMs,
        requestTimeout: tryMs,
        ...(tls === undefined ? {} : { httpsAgent: new IdentityAgent(tls) }),
      },
    });
  }

  /**
   * Calls, and calls again where another try may help. `mayBeDone`: a try whose answer is not known
   * may have been carried out.
   */
  async call<Value>(
    work: (abortSignal: AbortSignal) => Promise<Value>,
    mayHaveBeenDone: (error: S3Error) => boolean,
  ): Promise<Called<Value>> {
    let mayBeDone = false;
    for (let tried = 1; ; tried++) {
      const signal = AbortSignal.timeout(this.#tryMs);
      try {
        return { kind: "done", value: await inTime(work(signal), signal) };
      } catch (thrown) {
        const error = s3Error(thrown, this.#endpoint);
        mayBeDone ||= mayHaveBeenDone(error);
        if (tried >= this.#tries || !isWorthAnother(error)) {
          return { kind: "failed", error, mayBeDone };
        }
        await pause(pauseMs * 2 ** (tried - 1));
      }
    }
  }

  /** Ends all connections. */
  close(): void {
    this.client.destroy();
  }
}

/** An answer that will be another one in a moment, or none. */
function isWorthAnother({ status, code }: S3Error): boolean {
  if (status === 501) return false;
  if (status < 300 || status >= 500 || status === 429) return true;
  return code === "RequestTimeout" || code === "ConditionalRequestConflict";
}

/** The SDK watches the signal until the answer begins, and not while its content comes. */
function inTime<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
