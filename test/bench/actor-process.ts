import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { ActorReply } from "./actors/actor.ts";
import type { Role, SettingsOf } from "./actors/create.ts";

const entry = fileURLToPath(new URL("./actors/main.ts", import.meta.url));

/** An actor in its process, as its parent sees it. One request at a time. */
export class ActorProcess {
  readonly pid: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.pid = child.pid ?? 0;
  }

  /** Starts one and waits until it is connected. */
  static async start<R extends Role>(
    role: R,
    settings: SettingsOf[R],
    execArgv: readonly string[],
  ): Promise<ActorProcess> {
    const child = fork(entry, [role, JSON.stringify(settings)], { execArgv: [...execArgv] });
    const actor = new ActorProcess(child);
    await actor.#reply();
    return actor;
  }

  /** Rejects with the actor's reason when the request failed. */
  async request<Answer>(request: unknown): Promise<Answer> {
    const { exitCode, signalCode, connected } = this.#child;
    if (!connected) throw new Error(ended(exitCode, signalCode));
    const reply = this.#reply();
    // An error in sending is the end of the process, of which the reply tells.
    this.#child.send(request as object, () => {});
    return (await reply) as Answer;
  }

  /** Ends it; resolves when it is gone. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.disconnect();
    const late = setTimeout(() => child.kill("SIGKILL"), 15_000);
    await gone;
    clearTimeout(late);
  }

  #reply(): Promise<unknown> {
    const child = this.#child;
    return new Promise((resolve, reject) => {
      const onExit = (code: number | null, signal: NodeJS.Signals | null): void => {
        child.removeListener("message", onMessage);
        reject(new Error(ended(code, signal)));
      };
      const onMessage = (reply: ActorReply): void => {
        child.removeListener("exit", onExit);
        if (reply.kind === "failed") reject(new Error(reply.reason));
        else resolve(reply.kind === "answer" ? reply.value : undefined);
      };
      child.once("exit", onExit);
      child.once("message", onMessage);
    });
  }
}

function ended(code: number | null, signal: NodeJS.Signals | null): string {
  return `the process that puts on load ended (${signal ?? `exit code ${code ?? "none"}`})`;
}
