#!/usr/bin/env node
// Starts the command line on a Node that can run it. In the repository the sources are TypeScript,
// which Node 24 runs as it is; the one that npm install brought along is used where this Node is
// older. In the published package everything is compiled and runs on this Node.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import module from "node:module";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";

const compiled = new URL("../dist/main.js", import.meta.url);
const source = new URL("../src/main.ts", import.meta.url);
const nodeOfRepository = fileURLToPath(
  new URL("../../../node_modules/node/bin/node", import.meta.url),
);
const sourceNeedsMajor = 24;
const usableMajor = 20;

// Reading and stripping the sources takes most of a short command's time; Node keeps the result in
// the system's folder for temporary files where it can.
module.enableCompileCache?.();

const major = Number(process.versions.node.split(".")[0]);
if (existsSync(source)) {
  if (major >= sourceNeedsMajor) await import(source.href);
  else if (existsSync(nodeOfRepository)) restart();
  else refuse(sourceNeedsMajor, "Run npm install in the repository, which brings it along.");
} else if (major >= usableMajor) {
  await import(compiled.href);
} else {
  refuse(usableMajor, "Upgrade Node.");
}

/** @param {number} needed @param {string} advice */
function refuse(needed, advice) {
  process.stderr.write(
    `holdfast: This is Node ${process.versions.node}; holdfast needs ${needed} or newer.\n  ${advice}\n`,
  );
  process.exitCode = 78;
}

/** The other Node is a child process: what we are told, it is told, and as it ends, we end. */
function restart() {
  const child = spawn(
    nodeOfRepository,
    [fileURLToPath(import.meta.url), ...process.argv.slice(2)],
    {
      // The channel closes when we die by a signal that cannot be passed on; the child notices.
      stdio: ["inherit", "inherit", "inherit", "ipc"],
    },
  );
  const typed = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"]) {
    // A key like Ctrl-C reaches the child without us, and twice would mean "at once" to it.
    const sentByTerminal = typed && (signal === "SIGINT" || signal === "SIGQUIT");
    process.on(signal, () => sentByTerminal || child.kill(signal));
  }
  child.once("error", (error) => {
    process.stderr.write(`holdfast: ${nodeOfRepository} cannot be started: ${error.message}\n`);
    process.exitCode = 78;
  });
  child.once("exit", (code, signal) => {
    process.exitCode = code ?? 128 + constants.signals[signal];
    if (child.connected) child.disconnect();
  });
}
