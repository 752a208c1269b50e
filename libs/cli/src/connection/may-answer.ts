import { CliError } from "../cli-error.ts";
import { exitCodes } from "../exit-codes.ts";
import type { Listener } from "./tcp.ts";

/** Whether a server of ours may be what was found, as we are going to speak. */
export function mayAnswer(found: Listener, overTls: boolean): boolean {
  // Over TLS the server says for itself what is wrong, better than a look from outside can.
  if (overTls) return found !== "nothing";
  return found === "http2" || found === "silent";
}

/** For somebody who speaks plain text to those who do not. */
export function needsTls(endpoints: readonly string[]): CliError {
  const message = `What listens at ${endpoints.join(", ")} speaks TLS, and no certificate is given.`;
  return new CliError(exitCodes.unavailable, message, {
    code: "UNAUTHENTICATED",
    advice:
      "Name the files with --tls-ca, --tls-cert and --tls-key, or HOLDFAST_TLS_CA, " +
      "HOLDFAST_TLS_CERT and HOLDFAST_TLS_KEY.",
  });
}
