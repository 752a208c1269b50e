import { type LoadPlan, runLoad } from "./closed-loop.ts";
import type { ContenderName, ContenderSettings } from "./contenders/contender.ts";
import { createContender } from "./contenders/create.ts";
import type { DriverReply } from "./driver-process.ts";
import { latencyOf } from "./percentile.ts";

/** The process that loads one contender; its parent tells it when, over the channel of `fork`. */
const [name, settings] = process.argv.slice(2) as [ContenderName, string];
const contender = await createContender(name, JSON.parse(settings) as ContenderSettings);

function reply(message: DriverReply): void {
  process.send?.(message);
}

process.on("message", (plan: LoadPlan) => {
  runLoad(contender, plan).then(
    ({ acquireMs, ...result }) =>
      reply({ kind: "result", ...result, acquire: latencyOf(acquireMs) }),
    (error: unknown) => reply({ kind: "failed", reason: String(error) }),
  );
});
process.once("disconnect", () => {
  void contender.close().finally(() => process.exit(0));
});
reply({ kind: "ready" });
