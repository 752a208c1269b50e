import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { issueCertificate, type KeyPair, makeAuthority } from "@holdfast/pki/certificate";

/** Files of a certificate, its key, and whom its owner believes. */
export interface Files {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

const hour = 3_600_000;
const hosts = ["localhost", "127.0.0.1"];

const validity = (fromHours: number, toHours: number) => ({
  from: new Date(Date.now() + fromHours * hour),
  to: new Date(Date.now() + toHours * hour),
});

/** Certificates of an authority, and such that it would never have signed, as files. */
export class TestCertificates implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "holdfast-tls-"));
  readonly #ours: KeyPair;
  readonly #foreign: KeyPair;

  private constructor(ours: KeyPair, foreign: KeyPair) {
    this.#ours = ours;
    this.#foreign = foreign;
    writeFileSync(join(this.folder, "ca.pem"), ours.cert);
  }

  static async make(): Promise<TestCertificates> {
    const [ours, foreign] = await Promise.all(
      // Of the same name: that alone must not be enough.
      [1, 2].map(() => makeAuthority("test authority", validity(-24, 60 * 24))),
    );
    return new TestCertificates(ours as KeyPair, foreign as KeyPair);
  }

  /** The file of our authority. */
  get ca(): string {
    return join(this.folder, "ca.pem");
  }

  /** Writes a file of somebody's authority. */
  writeAuthority(path: string, whose: "ours" | "foreign"): void {
    writeFileSync(path, (whose === "ours" ? this.#ours : this.#foreign).cert);
  }

  /** Good for a server at this machine, and for the client it is to others. */
  server(name = "server"): Promise<Files> {
    return this.#write(name, this.#ours, { hosts, ...validity(-1, 30 * 24) });
  }

  /** Good for half a day more. */
  endingSoon(name = "ending-soon"): Promise<Files> {
    return this.#write(name, this.#ours, { hosts, ...validity(-1, 12) });
  }

  /** Good for a client alone. */
  client(name = "client"): Promise<Files> {
    return this.#write(name, this.#ours, { hosts: [], ...validity(-1, 30 * 24) });
  }

  expired(name = "expired"): Promise<Files> {
    return this.#write(name, this.#ours, { hosts, ...validity(-12, -1) });
  }

  notYet(name = "not-yet"): Promise<Files> {
    return this.#write(name, this.#ours, { hosts, ...validity(1, 30 * 24) });
  }

  /** Signed by somebody else, who calls himself as we do. */
  foreign(name = "foreign"): Promise<Files> {
    return this.#write(name, this.#foreign, { hosts, ...validity(-1, 30 * 24) });
  }

  /** Good, but for a server elsewhere. */
  elsewhere(name = "elsewhere"): Promise<Files> {
    return this.#write(name, this.#ours, { hosts: ["other.example"], ...validity(-1, 30 * 24) });
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #write(
    name: string,
    authority: KeyPair,
    request: { hosts: readonly string[]; from: Date; to: Date },
  ): Promise<Files> {
    const { cert, key } = await issueCertificate(authority, { name, ...request });
    const files = { cert: join(this.folder, `${name}.pem`), key: join(this.folder, `${name}.key`) };
    writeFileSync(files.key, key);
    writeFileSync(files.cert, cert);
    return { ...files, ca: this.ca };
  }
}
