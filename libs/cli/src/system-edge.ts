import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { SystemClock } from "@holdfast/base/clock";
import { SystemRandom } from "@holdfast/base/random";
import type { Edge, Output } from "./edge.ts";

const stdinBytesMax = 64 * 1024;
const defaultColumns = 80;

/** The real world. `packageDirectory` is where the CLI's package.json lies. */
export function systemEdge(
  packageDirectory: string,
  doors: Pick<Edge, "connect" | "connectAudit">,
): Edge {
  const stdoutClosed = new Set<() => void>();
  const onClosed = () => {
    for (const listener of stdoutClosed) listener();
  };
  return {
    env: process.env,
    workingDirectory: process.cwd(),
    installDirectory: resolve(packageDirectory, "..", ".."),
    version: versionOf(packageDirectory),
    nodeVersion: process.version,
    clock: new SystemClock(),
    random: new SystemRandom(),
    stdout: outputTo(process.stdout, onClosed),
    stderr: outputTo(process.stderr, () => {}),
    stdinIsTerminal: process.stdin.isTTY === true,
    sharesTerminal: [process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY),
    ...doors,
    readStdin,
    onSignal(signal, listener) {
      process.on(signal, listener);
      return () => process.off(signal, listener);
    },
    onStdoutClosed(listener) {
      stdoutClosed.add(listener);
      return () => stdoutClosed.delete(listener);
    },
  };
}

function versionOf(packageDirectory: string): string {
  const manifest: unknown = JSON.parse(
    readFileSync(resolve(packageDirectory, "package.json"), "utf8"),
  );
  return (manifest as { version: string }).version;
}

function outputTo(stream: NodeJS.WriteStream, onClosed: () => void): Output {
  let closed = false;
  const close = () => {
    if (closed) return;
    closed = true;
    onClosed();
  };
  // Without a listener the EPIPE of `| head` would end the process with a stack trace.
  stream.on("error", close);
  stream.on("close", close);
  return {
    isTerminal: stream.isTTY === true,
    get columns() {
      return stream.columns || defaultColumns;
    },
    write: (text) =>
      new Promise((resolve) => {
        if (closed) return resolve("closed");
        stream.write(text, (error) => resolve(error ? "closed" : "written"));
      }),
  };
}

async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > stdinBytesMax) throw new Error(`more than ${stdinBytesMax} bytes on stdin`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
