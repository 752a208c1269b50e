// Runs a TypeScript program of this repository on the pinned Node, installing npm packages first
// when they are missing or older than package-lock.json:
//
//   node infra/bootstrap.mjs <script.ts> [arguments…]
//
// The only JavaScript here: it must run on whatever Node (18 or newer) a fresh machine has, which
// can neither read TypeScript nor find a package yet. So it imports nothing but Node's own.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const MODULES = join(ROOT, "node_modules");
const STAMP = join(MODULES, ".holdfast-install.json");
const LOCK = join(MODULES, ".holdfast-install.lock");
/** Where Node keeps compiled code: types are then stripped once, not at every start. */
const COMPILED = process.env.NODE_COMPILE_CACHE ?? join(MODULES, ".cache", "node-compile");
const PINNED_NODE = join(MODULES, "node", "bin", "node");
const NODE_MAJOR_MIN = 24;
/** A lock whose owner has not even written its pid after this long was left by a crash. */
const EMPTY_LOCK_MS = 5_000;
const LOCK_POLL_MS = 200;
/** For an install by someone else that hangs: longer than any that ends. */
const LOCK_WAIT_MS = 15 * 60_000;

const [script, ...args] = process.argv.slice(2);
if (script === undefined) fail("usage: node infra/bootstrap.mjs <script.ts> [arguments…]", 64);
await installIfStale();
run(nodeBinary(), [resolve(script), ...args]);

/** Installs unless the stamp says that this package-lock.json was installed on this platform. */
async function installIfStale() {
  if (isCurrent()) return;
  mkdirSync(MODULES, { recursive: true });
  await takeLock();
  const release = () => {
    if (readOwner(LOCK) === String(process.pid)) rmSync(LOCK, { force: true });
  };
  process.once("exit", release);
  try {
    // Whoever had the lock before us has probably installed.
    if (!isCurrent()) await install();
  } finally {
    release();
    process.removeListener("exit", release);
  }
}

function wantedStamp() {
  const lock = readFileSync(join(ROOT, "package-lock.json"));
  const lockSha256 = createHash("sha256").update(lock).digest("hex");
  return JSON.stringify({ lockSha256, platform: `${process.platform}-${process.arch}` });
}

function isCurrent() {
  try {
    return readFileSync(STAMP, "utf8") === wantedStamp();
  } catch {
    return false;
  }
}

async function install() {
  const stamp = wantedStamp();
  const isFirst = !existsSync(PINNED_NODE);
  say(`installing npm packages (${isFirst ? "first start" : "package-lock.json has changed"}) …`);
  const startedMs = Date.now();
  rmSync(STAMP, { force: true });
  // Not `npm ci`: that empties node_modules under a Holdfast that may be running from it.
  // --no-save: an install on behalf of a start never edits package.json or package-lock.json.
  // --include=dev: Node 24 itself is a dev dependency, which NODE_ENV=production would leave out.
  const options = [
    "install",
    "--no-save",
    "--include=dev",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
  ];
  // npm says where its own program lies when it runs us; by hand it has to be on PATH.
  const npm = process.env.npm_execpath;
  const viaNode = npm !== undefined && /npm-cli\.c?js$/.test(npm);
  const [file, ...before] = viaNode ? [process.execPath, npm] : ["npm"];
  const ticker = setInterval(() => {
    // On a terminal npm shows a spinner of its own.
    if (process.stderr.isTTY) return;
    say(`still installing, ${Math.round((Date.now() - startedMs) / 1000)} s`);
  }, 10_000);
  // npm's output goes to stderr: the program we start may promise JSON on stdout.
  const child = spawn(file, [...before, ...options], { cwd: ROOT, stdio: ["ignore", 2, 2] });
  const stop = (signal) => {
    child.kill(signal);
    fail("interrupted while npm was installing; the next start installs again", 130);
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  const outcome = await new Promise((done) => {
    child.once("error", (error) => done(error));
    child.once("exit", (code, signal) => done(signal ?? code));
  });
  clearInterval(ticker);
  process.removeListener("SIGINT", stop);
  process.removeListener("SIGTERM", stop);
  if (outcome instanceof Error) {
    const why = outcome.code === "ENOENT" ? "npm is not on PATH" : outcome.message;
    fail(
      `npm packages are missing and cannot be installed: ${why}. Install npm, then start again.`,
    );
  }
  if (outcome !== 0) {
    fail(
      `npm install failed (${outcome}); what it printed stands above. ` +
        "Mend that (a network, a proxy, a full disk), then start again; " +
        `if it persists, remove ${MODULES} and start again.`,
    );
  }
  writeFileSync(STAMP, stamp);
  say(`npm packages installed in ${((Date.now() - startedMs) / 1000).toFixed(1)} s`);
}

/** Two starts must not both install. The lock holds its owner's pid; a dead owner's is removed. */
async function takeLock() {
  const deadline = Date.now() + LOCK_WAIT_MS;
  for (let told = false; Date.now() < deadline; ) {
    try {
      writeFileSync(LOCK, String(process.pid), { flag: "wx" });
      return;
    } catch (error) {
      if (error.code !== "EEXIST") {
        fail(`${MODULES} cannot be written (${error.code}); npm packages are not installed.`);
      }
    }
    const owner = readOwner(LOCK);
    if (owner === undefined) continue;
    if (isDead(owner)) {
      bury(owner);
      continue;
    }
    if (!told) say(`process ${owner} is installing npm packages; waiting for it`);
    told = true;
    await sleep(LOCK_POLL_MS);
  }
  fail(
    `another install has not ended in ${LOCK_WAIT_MS / 60_000} minutes; ` +
      `if none runs, remove ${LOCK}`,
  );
}

/** The pid in a lock file, as text; undefined when there is no such file. */
function readOwner(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function isDead(owner) {
  try {
    if (Number(owner) > 0) return !process.kill(Number(owner), 0);
    return Date.now() - statSync(LOCK).mtimeMs > EMPTY_LOCK_MS;
  } catch (error) {
    // ESRCH: no such process. EPERM: it lives, and is another user's. ENOENT: just released.
    return error.code === "ESRCH";
  }
}

/** Removes a dead owner's lock, and not the one of a start that took its place meanwhile. */
function bury(dead) {
  const grave = `${LOCK}.${process.pid}`;
  try {
    renameSync(LOCK, grave);
    if (readOwner(grave) !== dead) linkSync(grave, LOCK);
    rmSync(grave, { force: true });
  } catch {
    // Someone else was faster; the next round sees what is there now.
  }
}

function nodeBinary() {
  if (existsSync(PINNED_NODE)) return PINNED_NODE;
  if (Number(process.versions.node.split(".")[0]) >= NODE_MAJOR_MIN) return process.execPath;
  return fail(
    `Node ${NODE_MAJOR_MIN} is needed and this is ${process.version}. The npm package "node" ` +
      "brings it, but its install script did not run (npm's ignore-scripts?). " +
      "Run `npm rebuild node --ignore-scripts=false`, " +
      `or install Node ${NODE_MAJOR_MIN}, then start again.`,
  );
}

/** Starts the program and becomes its shadow: signals go to it, its end is ours. */
function run(node, command) {
  const env = { ...process.env, NODE_COMPILE_CACHE: COMPILED };
  const child = spawn(node, command, { env, stdio: "inherit" });
  const signals = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"];
  for (const signal of signals) {
    process.on(signal, () => {
      // A terminal's Ctrl-C has reached the child already; a second copy would mean "at once".
      if (process.stdin.isTTY && (signal === "SIGINT" || signal === "SIGQUIT")) return;
      child.kill(signal);
    });
  }
  child.once("error", (error) => fail(`${node} cannot be run: ${error.message}`));
  child.once("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    for (const each of signals) process.removeAllListeners(each);
    // Dies of the same signal, so that a shell sees what really happened.
    process.kill(process.pid, signal);
    setTimeout(() => process.exit(1), 1_000);
  });
}

function say(text) {
  process.stderr.write(`holdfast: ${text}\n`);
}

function fail(text, code = 1) {
  say(text);
  process.exit(code);
}
