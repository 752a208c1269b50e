import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

const startMs = 60_000;

/** One process of the provider that any number of Terraform runs share. */
export interface ProviderProcess {
  /** Value of TF_REATTACH_PROVIDERS for those who use it. */
  readonly reattach: string;
  stop(): void;
}

/**
 * Starts the provider once. Each Terraform would otherwise start its own, several times, and to
 * load half a gigabyte of program is most of what a test of a module costs.
 */
export function startProvider(file: string): Promise<ProviderProcess> {
  const child = spawn(file, ["-debug"], { stdio: ["ignore", "pipe", "ignore"] });
  const stop = (): void => {
    process.removeListener("exit", stop);
    child.kill("SIGKILL");
  };
  process.once("exit", stop);
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      clearTimeout(timer);
      stop();
      reject(new Error(`the AWS provider ${file} ${why}`));
    };
    const timer = setTimeout(() => fail(`did not start within ${startMs / 1000} s`), startMs);
    child.once("error", (error) => fail(`cannot be started: ${error.message}`));
    child.once("exit", (code) => fail(`ended with ${code} before it was there`));
    createInterface({ input: child.stdout }).on("line", (line) => {
      const [, reattach] = /TF_REATTACH_PROVIDERS='(.+)'/.exec(line) ?? [];
      if (reattach === undefined) return;
      clearTimeout(timer);
      child.removeAllListeners("exit");
      resolve({ reattach, stop });
    });
  });
}
