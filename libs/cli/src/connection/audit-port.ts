import type {
  ArchivedRequest,
  ArchivedResponse,
  AtRequest,
  AtResponse,
  ContendedRequest,
  ContendedResponse,
  ExportRequest,
  ExportResponse,
  SessionRequest,
  SessionResponse,
  TailRequest,
  TailResponse,
  TimelineRequest,
  TimelineResponse,
  VerifyRequest,
  VerifyResponse,
} from "@holdfast/api/generated/holdfast/audit/v1/audit_service";
import type { ClientTlsOptions } from "@holdfast/client/options";

/**
 * Who is asked about the record, in the words of its API. Methods reject with `CliError` alone.
 */
export interface AuditPort {
  timeline(request: TimelineRequest): Promise<TimelineResponse>;
  at(request: AtRequest): Promise<AtResponse>;
  session(request: SessionRequest): Promise<SessionResponse>;
  contended(request: ContendedRequest): Promise<ContendedResponse>;
  archived(request: ArchivedRequest): Promise<ArchivedResponse>;
  /** Ends when `signal` aborts. */
  tail(request: TailRequest, signal: AbortSignal): AsyncIterable<TailResponse>;
  /** Ends behind the message that says it is done, or when `signal` aborts. */
  verify(request: VerifyRequest, signal: AbortSignal): AsyncIterable<VerifyResponse>;
  /** The same. */
  export(request: ExportRequest, signal: AbortSignal): AsyncIterable<ExportResponse>;
  close(): Promise<void>;
}

/** Connects to the auditor at `host:port`, without `tls` in plain text; rejects with `CliError`. */
export type ConnectAudit = (
  endpoint: string,
  tls?: ClientTlsOptions | undefined,
) => Promise<AuditPort>;
