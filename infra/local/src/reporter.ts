import { progressLine } from "@holdfast/toolchain/progress-line";
import type { ToolProgress } from "@holdfast/toolchain/tool";
import type { EndpointsDocument } from "./endpoints-file.ts";
import { whyNoGlobalLocks } from "./layout.ts";
import type { Refusal } from "./refusal.ts";
import { type TextStyle, textStyle, wantsColour } from "./text-style.ts";
import { welcomeLines } from "./welcome.ts";

/** What a start has to tell, whoever listens. */
export interface Reporter {
  progress(event: ToolProgress): void;
  /** Always the first thing on stdout. */
  store(kind: "etcd" | "memory", headline: string): void;
  notice(text: string): void;
  ready(document: EndpointsDocument, tookMs: number): void;
  /** Something that happened to one of the processes. */
  news(event: "died" | "recovered", process: string, text: string): void;
  stopping(): void;
  stopped(): void;
  refused(refusal: Refusal): void;
}

/** A stream to print to; `process.stdout` and `process.stderr` fit. */
export interface TextStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface PeopleReporterOptions {
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly release: string;
  /** As people should read it: relative where that is shorter. */
  readonly dataDir: string;
  readonly foundByCli: boolean;
}

/** Speaks to people: colours on a terminal, a progress line that repaints itself. */
export function peopleReporter(options: PeopleReporterOptions): Reporter {
  const { stdout, stderr } = options;
  const style = textStyle(wantsColour(stdout, options.env));
  const errorStyle = textStyle(wantsColour(stderr, options.env));
  const line = progressLine(stderr);
  const say = (text: string): void => {
    line.clear();
    stdout.write(`${text}\n`);
  };
  return {
    progress: (event) => line.report(event),
    store: (kind, headline) =>
      say(
        kind === "etcd"
          ? `${style.bold(`Holdfast ${options.release}`)}  ${headline}`
          : style.warn(`Holdfast ${options.release}  ${headline}`),
      ),
    notice: say,
    ready: (document, tookMs) =>
      say(welcomeLines(document, style, { ...options, tookMs }).join("\n")),
    news: (event, _process, text) =>
      say(`${style.dim(timeOfDay())} ${newsText(event, text, style)}`),
    stopping: () => say("Stopping …  (Ctrl-C again: at once)"),
    stopped: () => say("Stopped. Nothing is left running."),
    refused: (refusal) => {
      line.clear();
      stderr.write(`${refusalLines(refusal, errorStyle).join("\n")}\n`);
    },
  };
}

function newsText(event: "died" | "recovered", text: string, style: TextStyle): string {
  return event === "died" ? style.warn(text) : style.good(text);
}

function timeOfDay(): string {
  return new Date().toTimeString().slice(0, 8);
}

export function refusalLines(refusal: Refusal, style: TextStyle): string[] {
  const [first = "", ...rest] = refusal.message.split("\n");
  return [
    `${style.bad("Holdfast cannot run:")} ${first}`,
    ...rest,
    ...refusal.waysOut.map((way) => `  → ${way}`),
  ];
}

/** Speaks to programs: one JSON object a line, each with `event`. Progress goes to stderr. */
export function jsonReporter(stdout: TextStream, stderr: TextStream): Reporter {
  const line = progressLine(stderr);
  const emit = (event: string, fields: object): void => {
    line.clear();
    stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
  };
  return {
    progress: (event) => line.report(event),
    store: (store, message) => emit("store", { store, message }),
    notice: (message) => emit("notice", { message }),
    ready: (document, tookMs) => {
      const why = whyNoGlobalLocks(document.store, document.regions.length);
      const took = { tookMs: Math.round(tookMs) };
      emit("ready", { ...document, ...took, ...(why !== undefined && { notice: why }) });
    },
    news: (event, process, message) => emit(event, { process, message }),
    stopping: () => emit("stopping", {}),
    stopped: () => emit("stopped", {}),
    refused: ({ message, waysOut, exitCode }) => emit("refused", { message, waysOut, exitCode }),
  };
}
