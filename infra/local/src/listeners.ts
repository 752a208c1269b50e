import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { processCommand } from "@holdfast/toolchain/process-identity";

/** A process that listens on a port. */
export interface Listener {
  readonly pid: number;
  readonly command: string;
}

/**
 * Who listens on this TCP port; undefined when that cannot be told (another user's process, or a
 * system without /proc and lsof). For messages only.
 */
export function whoListens(port: number): Listener | undefined {
  try {
    const pid = process.platform === "linux" ? pidFromProc(port) : pidFromLsof(port);
    if (pid === undefined) return undefined;
    return { pid, command: processCommand(pid) ?? "unknown" };
  } catch {
    return undefined;
  }
}

/** The inodes of the sockets that listen on `port`, out of the text of /proc/net/tcp or tcp6. */
export function listeningInodes(table: string, port: number): string[] {
  const hexPort = port.toString(16).toUpperCase().padStart(4, "0");
  const inodes: string[] = [];
  for (const line of table.split("\n").slice(1)) {
    const fields = line.trim().split(/\s+/);
    const [, local, , state] = fields;
    // 0A is LISTEN.
    if (state === "0A" && local?.endsWith(`:${hexPort}`) && fields[9] !== undefined) {
      inodes.push(fields[9]);
    }
  }
  return inodes;
}

function pidFromProc(port: number): number | undefined {
  const inodes = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((path) =>
    listeningInodes(readFileSync(path, "utf8"), port),
  );
  const wanted = new Set(inodes.map((inode) => `socket:[${inode}]`));
  if (wanted.size === 0) return undefined;
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const found = pids.find((pid) => openFiles(pid).some((target) => wanted.has(target)));
  return found === undefined ? undefined : Number(found);
}

function openFiles(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`);
      } catch {
        return "";
      }
    });
  } catch {
    // Another user's, or gone.
    return [];
  }
}

function pidFromLsof(port: number): number | undefined {
  const text = execFileSync("lsof", ["-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-t"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const pid = Number(text.split("\n")[0]);
  return pid > 0 ? pid : undefined;
}
