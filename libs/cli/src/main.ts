import { fileURLToPath } from "node:url";
import { SystemClock } from "@holdfast/base/clock";
import { connectToAudit } from "./connection/audit-client.ts";
import { connectToHoldfast } from "./connection/connect.ts";
import { run } from "./run.ts";
import { systemEdge } from "./system-edge.ts";

/** What is left to close when a command is done (sockets, a child's pipes) may take this long. */
const lingerMs = 1_000;
/** Longer than any command; clears itself when the command is done. */
const foreverMs = 2 ** 30;

// The clock's timers do not keep a process alive, and a command may have nothing but a timer left.
const awake = setInterval(() => {}, foreverMs);
// The launcher is gone (kill -9): nobody is left to pass signals on, so this is the last one.
process.on("disconnect", () => process.kill(process.pid, "SIGTERM"));
process.channel?.unref();

const packageDirectory = fileURLToPath(new URL("..", import.meta.url));
const edge = systemEdge(packageDirectory, {
  connect: connectToHoldfast,
  connectAudit: connectToAudit,
});
process.exitCode = await run(process.argv.slice(2), edge);
clearInterval(awake);
new SystemClock().schedule(lingerMs, () => process.exit());
