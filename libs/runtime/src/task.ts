import { holdProcess } from "./hold-process.ts";
import type { Logger } from "./log.ts";
import { ConfigError } from "./service.ts";

/** Exit code for a configuration that cannot be used (sysexits.h, EX_CONFIG). */
const exitConfig = 78;

/** What {@link runTask} is given. */
export interface TaskMain<Config> {
  readonly readConfig: () => Config;
  readonly log: (config: Config) => Logger;
  /** Whether all of it came about. */
  readonly run: (config: Config, log: Logger) => Promise<boolean>;
}

/**
 * The life of a process that does one thing and ends: with exit code 0 if that came about, 1 if
 * not, 78 where the configuration is at fault.
 */
export async function runTask<Config>(main: TaskMain<Config>): Promise<number> {
  let config: Config;
  try {
    config = main.readConfig();
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    return exitConfig;
  }
  const log = main.log(config);
  const release = holdProcess();
  try {
    return (await main.run(config, log)) ? 0 : 1;
  } catch (error) {
    log.fatal({ err: error, "event.action": "failed" }, messageOf(error));
    return error instanceof ConfigError ? exitConfig : 1;
  } finally {
    release();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
