import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from "@grpc/grpc-js";

/** A span as it was told, ids in hexadecimal. */
export interface ToldSpan {
  readonly service: string;
  /** Empty where the service belongs to none. */
  readonly region: string;
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty where it is the first one of its trace. */
  readonly parentId: string;
}

/** What a collector shows, and whom it believes. */
export interface CollectorTls {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca: Buffer;
}

const exportPath = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/** Takes spans as a collector of OpenTelemetry does, and remembers them. */
export class TraceCollector implements AsyncDisposable {
  /** As they came: whoever measures wants no time spent on them. */
  readonly #requests: Buffer[] = [];
  readonly #server = new Server();
  readonly #scheme: "http" | "https";
  #port = 0;

  private constructor(scheme: "http" | "https") {
    this.#scheme = scheme;
  }

  /** In plain text, or over TLS of which both sides show a certificate (all PEM). */
  static async start(tls?: CollectorTls): Promise<TraceCollector> {
    const collector = new TraceCollector(tls === undefined ? "http" : "https");
    const asIs = (bytes: Buffer): Buffer => bytes;
    const answer = (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>): void => {
      collector.#requests.push(call.request);
      done(null, Buffer.alloc(0));
    };
    const serve = { path: exportPath, requestStream: false, responseStream: false };
    const codec = { requestSerialize: asIs, requestDeserialize: asIs };
    const back = { responseSerialize: asIs, responseDeserialize: asIs };
    collector.#server.addService({ export: { ...serve, ...codec, ...back } }, { export: answer });
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const credentials =
      tls === undefined
        ? ServerCredentials.createInsecure()
        : ServerCredentials.createSsl(
            tls.ca,
            [{ cert_chain: tls.cert, private_key: tls.key }],
            true,
          );
    collector.#server.bindAsync("127.0.0.1:0", credentials, (error, port) =>
      error === null ? resolve(port) : reject(error),
    );
    collector.#port = await promise;
    return collector;
  }

  /** All that was told since {@link clear}. */
  get spans(): ToldSpan[] {
    return this.#requests.flatMap(spansIn);
  }

  clear(): void {
    this.#requests.length = 0;
  }

  get endpoint(): string {
    return `${this.#scheme}://127.0.0.1:${this.#port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.forceShutdown();
  }
}

/** The spans of an ExportTraceServiceRequest. */
function spansIn(request: Uint8Array): ToldSpan[] {
  return inner(request, 1).flatMap((ofResource) => {
    const [resource = new Uint8Array()] = inner(ofResource, 1);
    const service = attribute(resource, "service.name");
    const region = attribute(resource, "cloud.region");
    const spans = inner(ofResource, 2).flatMap((ofScope) => inner(ofScope, 2));
    return spans.map((span) => ({
      service,
      region,
      name: text(inner(span, 5)[0]),
      traceId: hex(inner(span, 1)[0]),
      spanId: hex(inner(span, 2)[0]),
      parentId: hex(inner(span, 4)[0]),
    }));
  });
}

function attribute(resource: Uint8Array, key: string): string {
  const found = inner(resource, 1).find((pair) => text(inner(pair, 1)[0]) === key);
  const [value = new Uint8Array()] = found === undefined ? [] : inner(found, 2);
  return text(inner(value, 1)[0]);
}

/** The fields of this number and of any length in a message of protobuf. */
function inner(message: Uint8Array, wanted: number): Uint8Array[] {
  const fields: Uint8Array[] = [];
  let at = 0;
  const varint = (): number => {
    let [value, scale] = [0, 1];
    for (;;) {
      const byte = message[at++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const [number, wire] = [tag >>> 3, tag & 7];
    if (wire === 0) varint();
    else if (wire === 1) at += 8;
    else if (wire === 5) at += 4;
    else {
      const length = varint();
      if (number === wanted) fields.push(message.subarray(at, at + length));
      at += length;
    }
  }
  return fields;
}

function text(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString("utf8");
}

function hex(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString("hex");
}
