import { type IncomingMessage, request } from "node:http";
import { request as secureRequest } from "node:https";
import { contentOf, type ServerTls } from "./server-tls.ts";

/**
 * True when the member answers /health with "true": it knows a leader and served a linearizable
 * read. False for every other answer and for none within `timeoutMs`.
 */
export async function isEtcdHealthy(
  url: string,
  timeoutMs = 1_000,
  tls?: ServerTls,
): Promise<boolean> {
  const answer = await askJson("GET", new URL("/health", url), undefined, timeoutMs, tls);
  return (answer as { health?: unknown } | undefined)?.health === "true";
}

/** What a member says of itself; ids are etcd's 64 bit numbers in decimal. */
export interface EtcdStatus {
  readonly memberId: string;
  /** Id of the leader this member follows; "0" while there is none. */
  readonly leaderId: string;
}

/** Asks one member; undefined when it does not answer. */
export async function etcdStatus(
  url: string,
  timeoutMs = 1_000,
  tls?: ServerTls,
): Promise<EtcdStatus | undefined> {
  const target = new URL("/v3/maintenance/status", url);
  const answer = (await askJson("POST", target, "{}", timeoutMs, tls)) as
    | { header?: { member_id?: unknown }; leader?: unknown }
    | undefined;
  const memberId = answer?.header?.member_id;
  if (typeof memberId !== "string") return undefined;
  return { memberId, leaderId: typeof answer?.leader === "string" ? answer.leader : "0" };
}

function askJson(
  method: string,
  url: URL,
  body: string | undefined,
  timeoutMs: number,
  tls: ServerTls | undefined,
): Promise<unknown> {
  return new Promise((resolve) => {
    // No agent: a kept connection would outlive the member we poll.
    const options = { method, agent: false, timeout: timeoutMs };
    const onResponse = (response: IncomingMessage): void => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        if (text.length < 100_000) text += chunk;
      });
      response.on("error", () => resolve(undefined));
      response.on("end", () => resolve(parse(text)));
    };
    const call =
      tls === undefined
        ? request(url, options, onResponse)
        : secureRequest(url, { ...options, ...contentOf(tls) }, onResponse);
    call.on("timeout", () => call.destroy());
    call.on("error", () => resolve(undefined));
    call.on("close", () => resolve(undefined));
    call.end(body);
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
