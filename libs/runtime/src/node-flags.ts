/**
 * Flags of Node for a process that serves locks. Under load a request lives longer than the default
 * young generation's cycle, so most are copied twice: with 64 MiB a pair of acquire and release
 * costs a third less processor time.
 */
export const servingFlags: readonly string[] = ["--max-semi-space-size=64"];

/**
 * For one that keeps the record, on the processors of those that serve. A young generation that it
 * goes through again and again stays in a processor's own cache with 2 MiB, and pushes out what
 * others have there with more. Its own rate is a tenth less; figures: docs/benchmarks.md.
 */
export const recordingFlags: readonly string[] = ["--max-semi-space-size=2"];
