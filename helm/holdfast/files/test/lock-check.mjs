/**
 * What `helm test` runs: takes a lock, sees that nobody else gets it, gives it back, takes it again
 * and checks that the fencing token grew. The arguments are the command line tool.
 */
import { spawnSync } from "node:child_process";

const [program, ...before] = process.argv.slice(2);
const lock = `helm-test-${process.env.HOLDFAST_REGION}`;
const ttl = `${process.env.LOCK_TTL_S ?? 10}s`;
/** The exit code for a lock that somebody else has. */
const busy = 75;
const attempts = 10;

/** Runs one command; its JSON answer, if it ended as expected. */
function holdfast(expected, ...words) {
  const ran = spawnSync(program, [...before, ...words, "-o", "json"], { encoding: "utf8" });
  if (ran.status !== expected) {
    const said = `${ran.stdout ?? ""}${ran.stderr ?? ""}${ran.error ?? ""}`.trim();
    throw new Error(`holdfast ${words.join(" ")}: exit code ${ran.status}: ${said}`);
  }
  return ran.stdout === "" ? {} : JSON.parse(ran.stdout);
}

/** A new region needs a moment until its placement stands. */
async function firstGrant() {
  for (let attempt = 1; ; attempt++) {
    try {
      return holdfast(0, "acquire", lock, "--ttl", ttl, "--wait", "15s");
    } catch (error) {
      if (attempt === attempts) throw error;
      console.log(`${error.message}; once more`);
      await new Promise((resolve) => setTimeout(resolve, 2_000));
    }
  }
}

const first = await firstGrant();
console.log(`took ${lock} with token ${first.token}`);
holdfast(busy, "try", lock, "--ttl", ttl);
console.log("nobody else gets it");
holdfast(0, "release", first.handle);
const second = holdfast(0, "acquire", lock, "--ttl", ttl, "--wait", "15s");
holdfast(0, "release", second.handle);
if (!(BigInt(second.token) > BigInt(first.token))) {
  throw new Error(`the token did not grow: ${first.token}, then ${second.token}`);
}
console.log(`took it again with token ${second.token}, which is larger; gave it back`);
