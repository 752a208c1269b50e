import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";

/** What a process shows of itself and whom it believes, all PEM. */
export interface TlsMaterial {
  /** The authorities that sign those who may be believed. */
  readonly ca: string;
  /** The certificate with what leads up to the authority, and its key; absent: it shows none. */
  readonly own?: { readonly cert: string; readonly key: string };
  /** The end of each certificate, in ms since 1970: of the own one, and the first of the CA. */
  readonly expiresMs: { readonly own?: number; readonly ca: number };
}

/** Material that may be replaced at any time; whoever makes a connection asks for it anew. */
export interface TlsIdentity {
  readonly current: TlsMaterial;
  /** Calls `listener` after each replacement, until the returned function is called. */
  onChange(listener: () => void): () => void;
}

/** Where the material lies: `cert` and `key` together or neither. */
export interface TlsFiles {
  readonly ca: string;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** The material cannot be used; the message says which part and why, and never holds a key. */
export interface TlsFault {
  readonly kind: "tls-fault";
  readonly message: string;
}

/** Reads and checks; a fault where a file is not there, is cut off, or does not fit the others. */
export function readTlsFiles({ ca, cert, key }: TlsFiles): TlsMaterial | TlsFault {
  try {
    const text = (path: string): string => readFileSync(path, "utf8");
    const own =
      cert === undefined || key === undefined ? undefined : { cert: text(cert), key: text(key) };
    return checkTls({ ca: text(ca), own }, { ca, cert, key });
  } catch (error) {
    return fault((error as Error).message);
  }
}

/** Checks material that is at hand; `names` are what the parts are called in a fault. */
export function checkTls(
  { ca, own }: { readonly ca: string; readonly own?: TlsMaterial["own"] | undefined },
  names: {
    readonly ca: string;
    readonly cert?: string | undefined;
    readonly key?: string | undefined;
  },
): TlsMaterial | TlsFault {
  const authorities = certificatesIn(ca);
  if (authorities === undefined) return fault(`${names.ca} holds no whole certificate`);
  const caMs = Math.min(...authorities.map(endMs));
  if (own === undefined) return { ca, expiresMs: { ca: caMs } };
  const [leaf] = certificatesIn(own.cert) ?? [];
  if (leaf === undefined) return fault(`${names.cert} holds no whole certificate`);
  try {
    if (!leaf.checkPrivateKey(createPrivateKey(own.key))) {
      return fault(`the key in ${names.key} does not belong to the certificate in ${names.cert}`);
    }
  } catch {
    return fault(`${names.key} holds no whole private key`);
  }
  return { ca, own, expiresMs: { ca: caMs, own: endMs(leaf) } };
}

/** True for what {@link readTlsFiles} and {@link checkTls} answer where there is no material. */
export function isTlsFault(found: TlsMaterial | TlsFault): found is TlsFault {
  return "kind" in found;
}

/**
 * What a server would hold against the own certificate, for people; undefined where it should be
 * content. Servers close the connection without a word, so this is asked when they do.
 */
export function ownFault(material: TlsMaterial, nowMs: number): string | undefined {
  const { own, ca, expiresMs } = material;
  if (own === undefined) return "no certificate of our own is shown, and servers ask for one";
  if ((expiresMs.own ?? nowMs) < nowMs) {
    return `our own certificate has expired (on ${new Date(expiresMs.own ?? 0).toISOString()})`;
  }
  const [leaf, ...others] = certificatesIn(own.cert) ?? [];
  const signers = [...others, ...(certificatesIn(ca) ?? [])];
  if (leaf !== undefined && !signers.some((signer) => isSignedBy(leaf, signer))) {
    return "our own certificate is not signed by the CA we believe in";
  }
  return undefined;
}

/**
 * The options of a TLS connection to a server. Properties of it are read when a connection is made,
 * so a client that keeps the object uses what is current by then.
 */
export function clientTlsOptions(identity: TlsIdentity) {
  return {
    get ca(): string {
      return identity.current.ca;
    },
    get cert(): string | undefined {
      return identity.current.own?.cert;
    },
    get key(): string | undefined {
      return identity.current.own?.key;
    },
    minVersion: "TLSv1.2" as const,
  };
}

const pemBlock = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Undefined unless there is at least one, and each is whole. */
function certificatesIn(pem: string): X509Certificate[] | undefined {
  const blocks = pem.match(pemBlock) ?? [];
  const begun = pem.match(/-----BEGIN CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0 || blocks.length !== begun.length) return undefined;
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    return undefined;
  }
}

function endMs(certificate: X509Certificate): number {
  // The SDK runs on Nodes that have no `validToDate`.
  return Date.parse(certificate.validTo);
}

function isSignedBy(certificate: X509Certificate, signer: X509Certificate): boolean {
  return certificate.checkIssued(signer) && certificate.verify(signer.publicKey);
}

function fault(message: string): TlsFault {
  return { kind: "tls-fault", message };
}
