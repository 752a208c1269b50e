import { connect } from "node:tls";
import { isServing } from "@holdfast/toolchain/kafka-metadata";
import { askedByPostgres } from "@holdfast/toolchain/postgres-door";
import { answersPing } from "@holdfast/toolchain/redis-process";
import { isS3Healthy } from "@holdfast/toolchain/s3-process";
import { type ClientTls, contentOf } from "@holdfast/toolchain/server-tls";
import type { CertificateFiles } from "./certificates.ts";
import type { Layout } from "./layout.ts";
import type { StoreLayout } from "./record-layout.ts";

const ANSWER_MS = 3_000;

/** A port, and how to find out whether it speaks with somebody. */
interface Door {
  /** What people call it. */
  readonly name: string;
  readonly answers: (files: ClientTls) => Promise<boolean>;
  /** Knows its clients by something else than certificates. */
  readonly takesStrangers?: boolean;
}

/**
 * Tries every port, once as a client of ours and once as somebody without a certificate, and says
 * what came of it; a fault where a port took the wrong one. Ports of metrics are left out: they
 * tell strangers how a service is.
 */
export async function checkTls(
  layout: Layout,
  client: CertificateFiles,
): Promise<{ readonly kind: "checked" | "fault"; readonly message: string }> {
  const doors = [...grpcDoors(layout), ...storeDoors(layout.record?.stores)];
  const wrong: string[] = [];
  const checks = doors.map(async ({ name, answers, takesStrangers }) => {
    if (!(await answers(client))) wrong.push(`${name} does not take our certificate`);
    if (takesStrangers === true) return;
    if (await answers({ ca: client.ca })) wrong.push(`${name} takes who shows no certificate`);
  });
  await Promise.all(checks);
  if (wrong.length > 0) return { kind: "fault", message: wrong.join("; ") };
  const strict = doors.filter(({ takesStrangers }) => takesStrangers !== true).length;
  const keys = strict === doors.length ? "" : " S3 speaks TLS too, and knows its clients by keys.";
  const message = `TLS: each of ${strict} ports takes our certificates, and refuses who shows none.${keys}`;
  return { kind: "checked", message };
}

function grpcDoors({ regions, record }: Layout): Door[] {
  const addresses = [
    ...regions.flatMap(({ endpoint, coordinator, shards }) => [
      endpoint,
      ...(coordinator === undefined ? [] : [coordinator]),
      ...shards.flatMap(({ endpoints }) => endpoints.map((url) => new URL(url).host)),
    ]),
    ...(record === undefined ? [] : [record.endpoint]),
  ];
  return addresses.map((name) => ({ name, answers: (files) => speaksHttp2(name, files) }));
}

/** Each speaks a protocol of its own. */
function storeDoors(stores: StoreLayout | undefined): Door[] {
  if (stores === undefined) return [];
  const { kafka, postgres, redis, s3 } = stores;
  return [
    { name: `Kafka ${kafka}`, answers: (files) => isServing(kafka, files) },

    {
      name: `Postgres ${postgres}`,
      answers: async (files) => (await askedByPostgres(postgres, "holdfast", files)) === "nothing",
    },
    { name: `Redis ${redis}`, answers: (files) => answersPing(redis, files) },
    { name: `S3 ${s3}`, answers: (files) => isS3Healthy(s3, files), takesStrangers: true },
  ];
}

/** True when the server speaks; who is refused is hung up on before that. */
function speaksHttp2(address: string, files: ClientTls): Promise<boolean> {
  const [host = "", port] = address.split(":");
  return new Promise((resolve) => {
    const socket = connect({
      ...{ host, port: Number(port), ALPNProtocols: ["h2"], timeout: ANSWER_MS },
      ...contentOf(files),
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
