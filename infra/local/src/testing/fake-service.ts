import { createServer } from "node:net";

/**
 * Stands in for any of the services in tests of the supervisor: says it is ready, ends at SIGTERM,
 * does nothing where it is told to do one thing and end (an archiver's `--ensure-bucket`), and
 * misbehaves as FAKE_SERVICE tells it.
 *
 * - `dies`: ends with code 3 before it is ready
 * - `refuses`: ends with code 78, as a service does that cannot read its configuration
 * - `deaf`: ignores SIGTERM
 * - `mute`: never says it is ready
 */
const mode = process.env.FAKE_SERVICE ?? "";

if (mode === "dies" || mode === "refuses") {
  console.log(JSON.stringify({ message: `the fake service ${mode}` }));
  process.exit(mode === "dies" ? 3 : 78);
}
if (process.argv.length > 2) process.exit(0);
process.on("SIGTERM", () => {
  if (mode !== "deaf") process.exit(0);
});

const listen = process.env.HOLDFAST_LISTEN;
if (listen === undefined) {
  // Keeps the process alive as a listening socket would.
  setInterval(() => {}, 60_000);
  sayReady();
} else {
  const [host, port] = listen.split(":");
  createServer().listen(Number(port), host, sayReady);
}

function sayReady(): void {
  if (mode !== "mute") {
    console.log(JSON.stringify({ "event.action": "ready", region: process.env.HOLDFAST_REGION }));
  }
}
