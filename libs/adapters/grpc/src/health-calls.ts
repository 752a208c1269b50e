import {
  type Server,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
} from "@grpc/grpc-js";
import {
  type HealthCheckRequest,
  type HealthCheckResponse,
  HealthService,
  HealthCheckResponse_ServingStatus as Serving,
} from "@holdfast/api/generated/grpc/health/v1/health";

/** grpc.health.v1: one answer for the server as a whole and for each of its services. */
export class Health {
  readonly #services: ReadonlySet<string>;
  readonly #watches = new Map<
    ServerWritableStream<HealthCheckRequest, HealthCheckResponse>,
    string
  >();
  #serving = true;

  /** `services`: the full names that may be asked about. */
  constructor(services: Iterable<string>) {
    this.#services = new Set(["", ...services]);
  }

  /** Registers Health.Check and Health.Watch. */
  serve(server: Server): void {
    server.addService(HealthService, {
      check: (
        call: ServerUnaryCall<HealthCheckRequest, HealthCheckResponse>,
        respond: sendUnaryData<HealthCheckResponse>,
      ) => {
        const { service } = call.request;
        if (this.#services.has(service)) respond(null, { status: this.#statusOf(service) });
        else respond({ code: status.NOT_FOUND, details: "There is no such service here." });
      },
      watch: (call: ServerWritableStream<HealthCheckRequest, HealthCheckResponse>) => {
        this.#watches.set(call, call.request.service);
        call.on("close", () => this.#watches.delete(call));
        call.on("cancelled", () => this.#watches.delete(call));
        call.write({ status: this.#statusOf(call.request.service) });
      },
    });
  }

  /** Takes requests or does not; whoever watches is told. */
  setServing(serving: boolean): void {
    if (this.#serving === serving) return;
    this.#serving = serving;
    for (const [call, service] of this.#watches) call.write({ status: this.#statusOf(service) });
  }

  /** Says that nothing is served any more, and ends the watches. */
  stop(): void {
    this.setServing(false);
    for (const call of this.#watches.keys()) call.end();
  }

  #statusOf(service: string): Serving {
    if (!this.#services.has(service)) return Serving.SERVICE_UNKNOWN;
    return this.#serving ? Serving.SERVING : Serving.NOT_SERVING;
  }
}
