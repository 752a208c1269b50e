/** `skip`: nothing to judge, or no way to; says why. */
export type Level = "ok" | "warn" | "fail" | "skip";

/** One line of the doctor's. */
export interface Finding {
  readonly level: Level;
  /** What was looked at, one or two words. */
  readonly about: string;
  readonly message: string;
  /** The way out; always there for warn and fail. */
  readonly advice?: string | undefined;
}

/** All is well with `about`. */
export function ok(about: string, message: string): Finding {
  return { level: "ok", about, message };
}

/** Works, but not for long or not well. */
export function warn(about: string, message: string, advice: string): Finding {
  return { level: "warn", about, message, advice };
}

/** Does not work. */
export function fail(about: string, message: string, advice: string): Finding {
  return { level: "fail", about, message, advice };
}

/** Could not be judged, and why. */
export function skip(about: string, message: string): Finding {
  return { level: "skip", about, message };
}
