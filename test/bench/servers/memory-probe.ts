/**
 * Loaded into a service before its own code (`--import`, with `--expose-gc`): collects garbage and
 * says what memory is left, when its parent asks over the channel of `fork`. So the service itself
 * needs no door for it.
 */
export interface MemoryReport {
  readonly kind: "memory";
  readonly usage: NodeJS.MemoryUsage;
}

process.on("message", (message) => {
  if (message !== "memory") return;
  // Twice: what only a finalizer of the first round lets go is gone after the second.
  globalThis.gc?.();
  globalThis.gc?.();
  const report: MemoryReport = { kind: "memory", usage: process.memoryUsage() };
  process.send?.(report);
});
// A benchmark that dies leaves nothing running.
process.once("disconnect", () => process.exit(1));
// A service that wants to end must not be kept alive by our channel.
process.channel?.unref();
