/** Names that are banned together, for one reason. */
export interface Ban {
  readonly names: readonly string[];
  readonly why: string;
  /** What to use instead; printed with each violation. */
  readonly wayOut: string;
  /** Patterns of paths where the names are allowed. */
  readonly allowedIn: readonly string[];
}

/** Where the real machine is touched: outside the engines and the protocol. */
const edges = [
  "libs/adapters/**",
  "libs/cli/src/main.ts",
  // They start real processes and wait for them.
  "libs/cli/src/**/*.test.ts",
  "libs/*/scripts/**",
  "infra/**",
  // Run by `helm test`, by itself in a pod.
  "helm/holdfast/files/test/**",
  "test/**",
];

/** The banned names, each with its replacement. Written as in test/tidy/mentions.ts. */
export const bans: readonly Ban[] = [
  {
    names: [
      "Date.now",
      "new Date()",
      "performance.now",
      "process.hrtime",
      "node:perf_hooks",
      "process.uptime",
    ],
    why: "reads the machine's time past the simulation",
    wayOut: "take a Clock (@holdfast/base/clock): monotonicMs() to measure, wallMs() to label",
    // The log labels its lines by wall time, and nothing reads them back.
    allowedIn: ["libs/base/src/clock.ts", "libs/runtime/src/log.ts", ...edges],
  },
  {
    names: [
      "setTimeout",
      "setInterval",
      "AbortSignal.timeout",
      "node:timers",
      "node:timers/promises",
    ],
    why: "waits in real time past the simulation",
    wayOut: "take a Clock (@holdfast/base/clock): clock.schedule(delayMs, callback) or sleep()",
    // The life of the process itself: what holds it up, and the last word when a drain hangs.
    allowedIn: [
      "libs/base/src/clock.ts",
      "libs/runtime/src/hold-process.ts",
      "libs/runtime/src/service.ts",
      ...edges,
    ],
  },
  {
    names: ["setImmediate"],
    why: "waits for a turn of the real event loop, which the simulation does not have",
    wayOut: "take a Clock (@holdfast/base/clock): clock.schedule(0, callback)",
    // What makes virtual time has to stand outside of it; the SDK's stream is an adapter of its
    // own.
    allowedIn: [
      "libs/base/src/**/manual-clock.ts",
      "libs/simulator/src/kernel/**",
      "libs/client/src/grpc/**",
      ...edges,
    ],
  },
  {
    names: [
      "Math.random",
      "crypto.randomUUID",
      "crypto.randomBytes",
      "crypto.getRandomValues",
      "node:crypto#randomUUID",
      "node:crypto#randomBytes",
      "node:crypto#randomInt",
      "node:crypto#getRandomValues",
      "node:crypto#webcrypto",
    ],
    why: "draws a number that no seed can repeat",
    wayOut: "take a Random (@holdfast/base/random)",
    allowedIn: ["libs/base/src/random.ts", ...edges],
  },
  {
    names: ["console.log", "console.error", "console.warn", "console.info", "console.debug"],
    why: "writes past the log",
    wayOut: "take the logger of @holdfast/runtime, or return the text",
    allowedIn: ["libs/cli/**", "infra/**", "helm/**", "libs/*/scripts/**", "test/**"],
  },
  {
    names: ["process.exit"],
    why: "ends the process past the shutdown order: output and leases may be lost",
    wayOut: "return, or throw, and let main set process.exitCode",
    allowedIn: ["**/main.ts", "libs/runtime/src/service.ts", "infra/**", "test/bench/**"],
  },
  {
    names: ["process.env"],
    why: "reads the environment in the middle of the code",
    wayOut: "read it in config.ts (a service) or main.ts and pass the value",
    allowedIn: ["**/main.ts", "**/config.ts", "vitest.config.ts", "libs/cli/**", ...edges],
  },
  {
    names: ["it.only", "test.only", "describe.only"],
    why: "leaves out every other test of the file",
    wayOut: "run one test by name: npx vitest run <file> -t <name>",
    allowedIn: [],
  },
  {
    names: ["it.skip", "test.skip", "describe.skip", "it.todo", "test.todo", "describe.todo"],
    why: "is a test that never runs",
    wayOut:
      "write it or delete it; for a missing tool: context.skip(reason), so the reason is shown",
    allowedIn: [],
  },
];
