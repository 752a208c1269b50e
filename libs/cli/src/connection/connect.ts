import { hostname, userInfo } from "node:os";
import { SystemClock } from "@holdfast/base/clock";
import { Holdfast } from "@holdfast/client/holdfast";
import { limits } from "@holdfast/core/limits";
import { CliError } from "../cli-error.ts";
import { exitCodes } from "../exit-codes.ts";
import type { Connect } from "./client-port.ts";
import { mayAnswer, needsTls } from "./may-answer.ts";
import { guard } from "./sdk-errors.ts";
import { portOver } from "./sdk-port.ts";
import { listenerAt } from "./tcp.ts";

const noRouterAdvice =
  "Start Holdfast with npm start, or name its endpoints with --endpoints or HOLDFAST_ENDPOINTS; " +
  "holdfast doctor finds out more.";

/** Connects the SDK, unless no router can be there at all. Rejects with `CliError` alone. */
export const connectToHoldfast: Connect = async ({ endpoints, namespace, region, tls }) => {
  const clock = new SystemClock();
  // The SDK goes on trying for a while, as a service should; a person wants to know at once.
  const overTls = tls !== undefined;
  const found = await Promise.all(endpoints.map((each) => listenerAt(clock, each, overTls)));
  if (!found.some((listener) => mayAnswer(listener, overTls))) {
    if (found.includes("tls")) throw needsTls(endpoints.filter((_, i) => found[i] === "tls"));
    const foreign = endpoints.filter((_, index) => found[index] === "foreign");
    const message =
      foreign.length === 0
        ? `Nothing listens at ${endpoints.join(", ")}.`
        : `What listens at ${foreign.join(", ")} is no Holdfast router: it does not speak gRPC.`;
    throw new CliError(exitCodes.unavailable, message, {
      code: "SHARD_UNAVAILABLE",
      advice: noRouterAdvice,
    });
  }
  const sdk = await guard(() =>
    Holdfast.connect({
      endpoints,
      namespace,
      owner: ownerName(),
      ...(region === undefined ? {} : { region }),
      ...(tls === undefined ? {} : { tls }),
    }),
  );
  return portOver(sdk, endpoints);
};

/** Who holds what this process takes, for people; short enough for global locks too. */
function ownerName(): string {
  let user = "?";
  try {
    user = userInfo().username;
  } catch {
    // A user id without an entry, as containers have them.
  }
  let name = `${user}@${hostname()}`;
  while (Buffer.byteLength(name) > limits.globalOwnerBytesMax) name = name.slice(0, -1);
  return name.toWellFormed();
}
