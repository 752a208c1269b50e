import { issueCertificate, type KeyPair, makeAuthority } from "@holdfast/pki/certificate";
import { namespaceOf, type Region, regions, releaseName } from "./installation.ts";

/** Secrets, by their names in test/kubernetes/values. */
const names = {
  services: "holdfast-tls",
  members: "etcd-member-tls",
  etcdClients: "etcd-client-tls",
} as const;

const members = 3;
const coordinators = 2;
const dayMs = 86_400_000;

interface Authority extends KeyPair {
  /** For people. */
  readonly name: string;
}

/**
 * The certificates that cert-manager would make: one authority for the services of all regions and
 * their clients, and one for each region's etcd.
 */
export class Certificates {
  readonly #services: Authority;
  readonly #validity: { readonly from: Date; readonly to: Date };

  private constructor(services: Authority, validity: { from: Date; to: Date }) {
    this.#services = services;
    this.#validity = validity;
  }

  /** Good for a day from now on. */
  static async make(now: Date): Promise<Certificates> {
    const validity = { from: new Date(+now - dayMs), to: new Date(+now + dayMs) };
    const services = await makeAuthority("holdfast e2e", validity);
    return new Certificates({ ...services, name: "services" }, validity);
  }

  /** The secrets of all regions, and of the clients in `clientNamespace`. */
  async secrets(clientNamespace: string): Promise<object[]> {
    const client = await this.#issue(this.#services, "client", []);
    const own = secret(clientNamespace, names.services, this.#services, client);
    const others = await Promise.all(regions.map((region) => this.#regionSecrets(region)));
    return [own, ...others.flat()];
  }

  async #regionSecrets(region: Region): Promise<object[]> {
    const namespace = namespaceOf(region);
    const authority = await makeAuthority(`etcd of ${region}`, this.#validity);
    const etcd = { ...authority, name: `etcd of ${region}` };
    const service = await this.#issue(this.#services, region, serviceHosts(namespace));
    const member = await this.#issue(etcd, `member of ${region}`, memberHosts(namespace));
    const client = await this.#issue(etcd, `client of ${region}`, []);
    return [
      secret(namespace, names.services, this.#services, service),
      secret(namespace, names.members, etcd, member),
      secret(namespace, names.etcdClients, etcd, client),
    ];
  }

  #issue(authority: Authority, name: string, hosts: readonly string[]): Promise<KeyPair> {
    return issueCertificate(authority, { name, hosts, ...this.#validity });
  }
}

function serviceHosts(namespace: string): string[] {
  const coordinatorNames = Array.from({ length: coordinators }, (_, number) => {
    return `${releaseName}-coordinator-${number}`;
  });
  const services = [`${releaseName}-router`, ...coordinatorNames];
  return ["localhost", ...services.map((name) => `${name}.${namespace}.svc.cluster.local`)];
}

function memberHosts(namespace: string): string[] {
  const shard = `${releaseName}-etcd-s0`;
  const service = `${shard}.${namespace}.svc.cluster.local`;
  const each = Array.from({ length: members }, (_, number) => `${shard}-${number}.${service}`);
  return ["localhost", "127.0.0.1", service, ...each];
}

function secret(namespace: string, name: string, authority: KeyPair, pair: KeyPair): object {
  const files = { "tls.crt": pair.cert, "tls.key": pair.key, "ca.crt": authority.cert };
  return {
    apiVersion: "v1",
    kind: "Secret",
    type: "kubernetes.io/tls",
    metadata: { namespace, name },
    stringData: files,
  };
}
