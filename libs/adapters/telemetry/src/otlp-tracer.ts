import { ClientTls } from "@holdfast/api/client-tls";
import { SystemClock } from "@holdfast/base/clock";
import type { TlsIdentity } from "@holdfast/base/tls/material";
import { isSampled, type Span, type SpanAttributes, type Tracer } from "@holdfast/base/tracer";
import { inTrace } from "@holdfast/runtime/trace-scope";
import {
  ROOT_CONTEXT,
  type SpanContext,
  SpanStatusCode,
  TraceFlags,
  trace,
  type Tracer as VendorTracer,
} from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-grpc";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from "@opentelemetry/sdk-trace";

/** How long a collector may take over a batch, in ms. */
const exportTimeoutMs = 2_000;
/** How long spans are gathered before they are sent, in ms. */
const gatherMs = 1_000;
/** Spans that wait for the collector; more are dropped. */
const queueMax = 4_096;
/** Where both ends are OpenTelemetry, this says that all went well. */
const exportSucceeded = 0;

/** Whose spans go where, and how many of them. */
export interface OtlpTracerOptions {
  /** The collector: `http://host:port` in plain text, `https://…` with TLS. */
  readonly endpoint: string;
  /** For `https://`; the system's authorities, and no certificate of our own, if absent. */
  readonly tls?: TlsIdentity | undefined;
  /** Of the traces that begin here, how many are kept: 0 (none) to 1 (all). */
  readonly sample: number;
  readonly service: string;
  readonly version: string;
  /** Absent where the service belongs to no region. */
  readonly region?: string | undefined;
  /** The collector does not take what it is sent, or takes it again (undefined). */
  readonly onTrouble?: (message: string | undefined) => void;
}

/**
 * Tells an OpenTelemetry collector, over OTLP. The provider is made here and registered nowhere, so
 * that two services in one process do not share it.
 */
export class OtlpTracer implements Tracer {
  readonly #provider: TracerProvider;
  readonly #tracer: VendorTracer;
  readonly #sample: number;

  constructor(options: OtlpTracerOptions) {
    const { endpoint, sample, service, version, region } = options;
    const clock = new SystemClock();
    const tls =
      options.tls && endpoint.startsWith("https:")
        ? new ClientTls(options.tls, () => clock.wallMs())
        : undefined;
    const sent = new OTLPTraceExporter({
      url: endpoint,
      timeoutMillis: exportTimeoutMs,
      // Those of the exporter keep the certificate they were made with.
      ...(tls && { credentials: tls.credentials }),
    });
    const reasonOf = (error: Error | undefined): string =>
      tls?.trouble?.message ?? (error?.message || "the collector gave no reason");
    const processor = new BatchSpanProcessor({
      exporter: noticing(sent, reasonOf, options.onTrouble),
      exportTimeoutMillis: exportTimeoutMs,
      scheduledDelayMillis: gatherMs,
      maxQueueSize: queueMax,
    });
    this.#provider = new TracerProvider({
      resource: resourceFromAttributes({
        "service.name": `holdfast-${service}`,
        "service.version": version,
        ...(region !== undefined && { "cloud.region": region }),
      }),
      spanProcessors: [processor],
    });
    this.#tracer = this.#provider.getTracer("holdfast", version);
    this.#sample = sample;
  }

  keeps(parent: string | undefined): boolean {
    return parent === undefined ? Math.random() < this.#sample : isSampled(parent);
  }

  span(name: string, parent: string | undefined, attributes?: SpanAttributes): Span {
    const remote = parent === undefined ? undefined : spanContextOf(parent);
    const context = remote ? trace.setSpanContext(ROOT_CONTEXT, remote) : ROOT_CONTEXT;
    const span = this.#tracer.startSpan(name, attributes ? { attributes } : {}, context);
    const { traceId, spanId } = span.spanContext();
    return {
      traceparent: `00-${traceId}-${spanId}-01`,
      end: (outcome, isFault = false) => {
        span.setAttribute("holdfast.outcome", outcome);
        if (isFault) span.setStatus({ code: SpanStatusCode.ERROR, message: outcome });
        span.end();
      },
    };
  }

  within<T>({ traceparent }: Span, work: () => T): T {
    return inTrace(traceparent, work);
  }

  /** Sends what is left, for a moment at most. */
  async close(): Promise<void> {
    await this.#provider.shutdown().catch(() => {});
  }
}

/** W3C: version, trace, span, flags. */
function spanContextOf(traceparent: string): SpanContext {
  const [, traceId = "", spanId = ""] = traceparent.split("-");
  return { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true };
}

/** Tells when exports begin to fail, and when they come through again. */
function noticing(
  exporter: SpanExporter,
  reasonOf: (error: Error | undefined) => string,
  onTrouble: OtlpTracerOptions["onTrouble"],
): SpanExporter {
  let isFailing = false;
  return {
    export: (spans, done) => {
      exporter.export(spans, (result) => {
        const failed = result.code !== exportSucceeded;
        if (failed !== isFailing) onTrouble?.(failed ? reasonOf(result.error) : undefined);
        isFailing = failed;
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
  };
}
