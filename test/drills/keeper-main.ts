import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { keeperVariable } from "./keeper.ts";

/** The whole of a keeper: see startKeeper. */
const [, , id = "", folder = ""] = process.argv;
const mark = `${keeperVariable}=${id}`;

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
process.stdin.on("error", () => {});
process.stdin.on("end", cleanUp);
process.stdin.resume();

function cleanUp(): void {
  // Twice: one that is just being started has no environment of its own yet.
  for (const pid of [...marked(), ...marked()]) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended meanwhile.
    }
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

/** The processes that were started with our mark in their environment. */
function marked(): number[] {
  if (process.platform !== "linux") {
    const lines = execFileSync("ps", ["-A", "-E", "-o", "pid=,command="], { encoding: "utf8" });
    const own = lines.split("\n").filter((line) => line.includes(mark));
    return own.map((line) => Number.parseInt(line, 10)).filter((pid) => pid !== process.pid);
  }
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0 && isMarked(pid));
}

function isMarked(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(mark);
  } catch {
    return false;
  }
}
