import { Agent } from "node:https";
import { clientTlsOptions, type TlsIdentity } from "@holdfast/base/tls/material";

/** As many as the SDK would have by itself. */
const connectionsMax = 50;

/** Connections over TLS, of which each is made with what the identity is by then. */
export class IdentityAgent extends Agent {
  readonly #identity: TlsIdentity;

  constructor(identity: TlsIdentity) {
    // A session that is resumed is not checked again.
    super({ keepAlive: true, maxSockets: connectionsMax, maxCachedSessions: 0 });
    this.#identity = identity;
  }

  override createConnection(
    ...[options, callback]: Parameters<Agent["createConnection"]>
  ): ReturnType<Agent["createConnection"]> {
    return super.createConnection({ ...options, ...clientTlsOptions(this.#identity) }, callback);
  }
}
