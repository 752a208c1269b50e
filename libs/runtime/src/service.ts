import { InvariantError } from "@holdfast/base/invariant";
import { holdProcess } from "./hold-process.ts";
import type { Logger } from "./log.ts";

/** Exit code for a configuration that cannot be used (sysexits.h, EX_CONFIG). */
const exitConfig = 78;
/** Longest time from SIGTERM to the end, in ms: what is not done by then is dropped. */
const drainMaxMs = 5_000;

/** A service that runs. */
export interface RunningService {
  /** Takes nothing new in, finishes what is under way, frees everything. */
  stop(): Promise<void>;
  /** By how much longer than usual that may take, in ms, were it begun now; 0 if left out. */
  stopsLongerMs?(): number;
}

/** What `runService` is given. */
export interface ServiceMain<Config> {
  readonly readConfig: () => Config;
  readonly log: (config: Config) => Logger;
  readonly start: (config: Config, log: Logger) => Promise<RunningService>;
}

/** A configuration that cannot be used; the message names the variable and what it should be. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/**
 * The life of a service process: reads its configuration, starts, says `ready`, and on SIGTERM or
 * SIGINT drains and ends. A broken invariant ends it at once: going on could do harm.
 */
export async function runService<Config>(main: ServiceMain<Config>): Promise<void> {
  let config: Config;
  try {
    config = main.readConfig();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = exitConfig;
    return;
  }
  const log = main.log(config);
  process.on("uncaughtException", (error) => {
    log.fatal({ err: error, "event.action": "crashed" }, error.message);
    process.exit(error instanceof InvariantError ? 70 : 1);
  });
  holdProcess();
  const told = toldToStop();
  // Nothing was taken in yet, and what is waited for, a store perhaps, may not come for long.
  const stopEarly = () => {
    log.info({ "event.action": "stopped" }, "stopped before it was ready");
    process.exit(0);
  };
  let isReady = false;
  void told.then(() => isReady || stopEarly());
  const running = await main.start(config, log).catch((error: unknown) => {
    log.fatal({ err: error, "event.action": "start-failed" }, messageOf(error));
    process.exitCode = error instanceof ConfigError ? exitConfig : 1;
    return undefined;
  });
  // What was begun may hold the process up; a start that failed must not look like one that runs.
  if (running === undefined) return process.exit();
  isReady = true;
  log.info({ "event.action": "ready" }, "ready");
  await told;
  log.info({ "event.action": "draining" }, "draining");
  const withinMs = drainMaxMs + (running.stopsLongerMs?.() ?? 0);
  const overdue = setTimeout(() => {
    log.warn({ "event.action": "drain-overdue" }, `not done after ${withinMs} ms`);
    process.exit(0);
  }, withinMs - 500);
  await running.stop();
  clearTimeout(overdue);
  log.info({ "event.action": "stopped" }, "stopped");
  process.exit(0);
}

/** SIGTERM or SIGINT, whichever comes first; a second one ends the process as it ends any. */
function toldToStop(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve());
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
