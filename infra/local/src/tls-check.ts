import { readFileSync } from "node:fs";
import { connect } from "node:tls";
import type { CertificateFiles } from "./certificates.ts";
import type { Layout } from "./layout.ts";

const ANSWER_MS = 3_000;

/**
 * Tries every port that speaks gRPC, once as a client of ours and once as somebody without a
 * certificate, and says what came of it; a fault where a port took the wrong one.
 */
export async function checkTls(
  layout: Layout,
  client: CertificateFiles,
): Promise<{ readonly kind: "checked" | "fault"; readonly message: string }> {
  const ports = addresses(layout);
  const wrong: string[] = [];
  const checks = ports.map(async (address) => {
    if (!(await answers(address, client))) wrong.push(`${address} does not take our certificate`);
    const stranger = { ca: client.ca };
    if (await answers(address, stranger)) wrong.push(`${address} takes who shows no certificate`);
  });
  await Promise.all(checks);
  if (wrong.length > 0) return { kind: "fault", message: wrong.join("; ") };
  const message = `TLS: each of ${ports.length} ports takes our certificates, and refuses who shows none.`;
  return { kind: "checked", message };
}

function addresses({ regions, record }: Layout): string[] {
  return [
    ...regions.flatMap(({ endpoint, coordinator, shards }) => [
      endpoint,
      ...(coordinator === undefined ? [] : [coordinator]),
      ...shards.flatMap(({ endpoints }) => endpoints.map((url) => new URL(url).host)),
    ]),
    ...(record === undefined ? [] : [record.endpoint]),
  ];
}

/** True when the server speaks; who is refused is hung up on before that. */
function answers(
  address: string,
  files: Pick<CertificateFiles, "ca"> & Partial<CertificateFiles>,
): Promise<boolean> {
  const [host = "", port] = address.split(":");
  const file = (path: string | undefined) => path && readFileSync(path);
  return new Promise((resolve) => {
    const socket = connect({
      ...{ host, port: Number(port), ALPNProtocols: ["h2"], timeout: ANSWER_MS },
      ...{ ca: file(files.ca), cert: file(files.cert), key: file(files.key) },
    });
    const finish = (spoke: boolean): void => {
      socket.destroy();
      resolve(spoke);
    };
    // A server of HTTP/2 speaks first once it is content; Go's waits for the client's first words.
    socket.on("secureConnect", () =>
      socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0"),
    );
    socket.on("data", () => finish(true));
    socket.on("error", () => finish(false));
    socket.on("close", () => finish(false));
    socket.on("timeout", () => finish(false));
  });
}
