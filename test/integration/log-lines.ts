import { readFileSync } from "node:fs";

/** A line of a service's log, as far as tests look at it. */
export interface LogLine {
  readonly pid: number;
  readonly action: string | undefined;
  readonly level: string;
  readonly message: string;
  readonly rule: string | undefined;
}

/** The lines of a log; none while it is not there. */
export function linesOf(logPath: string): LogLine[] {
  let text: string;
  try {
    text = readFileSync(logPath, "utf8");
  } catch {
    return [];
  }
  return text.split("\n").flatMap((line): LogLine[] => {
    if (!line.startsWith("{")) return [];
    const fields = JSON.parse(line) as Record<string, unknown>;
    return [
      {
        pid: Number(fields["process.pid"]),
        action: fields["event.action"] as string | undefined,
        level: String(fields["log.level"]),
        message: String(fields.message),
        rule: fields["holdfast.rule"] as string | undefined,
      },
    ];
  });
}
