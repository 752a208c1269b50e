// Must come first: what @peculiar/x509 is made of refuses to load without it.
import "reflect-metadata";
import { webcrypto } from "node:crypto";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

/** A certificate with its key, PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** From when until when a certificate is good. */
export interface Validity {
  readonly from: Date;
  readonly to: Date;
}

/** What a certificate is to say. */
export interface CertificateRequest extends Validity {
  /** Who it is for, for people: nobody checks it. */
  readonly name: string;
  /** DNS names and IP addresses a server is reached by; a certificate without is a client's. */
  readonly hosts: readonly string[];
}

/**
 * Makes an authority that signs certificates of services and clients, and of no other authority.
 */
export async function makeAuthority(name: string, { from, to }: Validity): Promise<KeyPair> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.create({
    subject: `CN=${name}`,
    issuer: `CN=${name}`,
    notBefore: from,
    notAfter: to,
    signingKey: keys.privateKey,
    publicKey: keys.publicKey,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: certificate.toString("pem"), key: await pemOf(keys.privateKey) };
}

/**
 * Makes a certificate. One with hosts does for a server and for the client that every service is to
 * others; one without for clients alone, so that none of them can pass for a service.
 */
export async function issueCertificate(
  authority: KeyPair,
  { name, hosts, from, to }: CertificateRequest,
): Promise<KeyPair> {
  const issuer = new X509Certificate(authority.cert);
  const signingKey = await readKey(authority.key);
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const usages = [ExtendedKeyUsage.clientAuth];
  const names: Extension[] = [];
  if (hosts.length > 0) {
    usages.unshift(ExtendedKeyUsage.serverAuth);
    names.push(new SubjectAlternativeNameExtension(hosts.map(generalName)));
  }
  const certificate = await X509CertificateGenerator.create({
    subject: `CN=${name}`,
    issuer: issuer.subject,
    notBefore: from,
    notAfter: to,
    signingKey,
    publicKey: keys.publicKey,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension(usages),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(issuer),
      ...names,
    ],
  });
  return { cert: certificate.toString("pem"), key: await pemOf(keys.privateKey) };
}

function generalName(host: string): { type: "ip" | "dns"; value: string } {
  return { type: /^[\d.]+$|:/.test(host) ? "ip" : "dns", value: host };
}

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  return PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY");
}

function readKey(pem: string): Promise<webcrypto.CryptoKey> {
  const [bytes] = PemConverter.decode(pem);
  return webcrypto.subtle.importKey("pkcs8", bytes as ArrayBuffer, algorithm, false, ["sign"]);
}
