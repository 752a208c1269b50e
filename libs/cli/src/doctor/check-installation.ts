import { constants } from "node:fs";
import { access, readFile, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Discovery } from "../connection/discovery.ts";
import { type Finding, fail, ok, skip, warn } from "./finding.ts";

const freeBytesMin = 512 * 2 ** 20;

/** Is the installation that `npm start` wrote down still the one that runs? */
export async function checkInstallation(discovery: Discovery): Promise<Finding[]> {
  const { file, source, endpoints } = discovery;
  const where = ok("endpoints", `${endpoints.join(", ")} (from ${source})`);
  if (file === undefined) {
    return [where, skip("data directory", "not known: the endpoints came from elsewhere")];
  }
  const { pid, startedAt } = file.content;
  const alive = isAlive(pid);
  const started = alive
    ? ok("npm start", `runs as process ${pid} since ${startedAt}`)
    : fail(
        "npm start",
        `${file.path} is stale: process ${pid}, which wrote it at ${startedAt}, is gone`,
        "Start it again with npm start; locks whose leases still live will be there.",
      );
  return [where, started, ...(await checkDataDirectory(dirname(file.path)))];
}

function isAlive(pid: number): boolean {
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It lives, but is not ours to signal.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function checkDataDirectory(directory: string): Promise<Finding[]> {
  const about = "data directory";
  try {
    await access(directory, constants.R_OK | constants.W_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const advice = "Make it yours again (chown), or choose another with npm start -- --data-dir.";
    return [fail(about, `${directory} cannot be written (${code})`, advice)];
  }
  const { bavail, bsize } = await statfs(directory);
  const free = `${Math.round((bavail * bsize) / 2 ** 20)} MiB free`;
  const space =
    bavail * bsize < freeBytesMin
      ? warn(about, `${directory}: only ${free}`, "Make room: etcd stops when the disk is full.")
      : ok(about, `${directory}, ${free}`);
  return [space, await checkLayoutVersion(directory)];
}

async function checkLayoutVersion(directory: string): Promise<Finding> {
  const about = "data version";
  const path = join(directory, "version.json");
  try {
    const content: unknown = JSON.parse(await readFile(path, "utf8"));
    const { dataVersion, madeBy } = content as Record<string, unknown>;
    return ok(about, `format ${dataVersion}, made by holdfast ${madeBy}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return skip(about, "not written yet");
    return fail(
      about,
      `${path} is unreadable: ${(error as Error).message}`,
      "Stop npm start, move the data directory away and start anew; its locks are gone then.",
    );
  }
}
