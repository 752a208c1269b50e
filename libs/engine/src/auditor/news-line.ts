import type { AuditorNews } from "./auditor-news.ts";

/** A line of a log. */
export interface NewsLine {
  /** `error`: somebody has to act. */
  readonly level: "info" | "warn" | "error";
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** How news is told in a log: one line, however much there is to tell. */
export function newsLine(news: AuditorNews): NewsLine {
  const line = (level: NewsLine["level"], fields: object, message: string): NewsLine => {
    return { level, fields: { "event.action": news.kind, ...fields }, message };
  };
  switch (news.kind) {
    case "assigned":
      return line("info", { partitions: news.partitions }, "reads these partitions from now on");
    case "violation": {
      const { rule, lock, events, message } = news.violation;
      const where = events.map(({ cluster, revision, index }) => `${cluster} ${revision}.${index}`);
      return line("error", { rule, lock, events: where }, message);
    }
    case "parked": {
      const [first] = news.records;
      const fields = { records: news.records.length, id: first?.id, reason: first?.reason };
      return line("error", fields, `no rows, the first of them: ${first?.message}`);
    }
    case "conflicts": {
      const [first] = news.conflicts;
      const { cluster, revision, index } = first?.identity ?? {};
      const fields = { conflicts: news.conflicts.length, first: `${cluster} ${revision}.${index}` };
      return line("error", fields, "events came under the identity of others that are stored");
    }
    case "late-days":
      return line("warn", { days: news.days }, "rows came for days that had been dropped");
    case "lost":
      return line("info", { records: news.records }, "its partitions went to another member");
    case "waiting":
      return line("warn", { "event.reason": news.for }, news.message);
    case "resumed":
      return line("info", { "event.reason": news.for }, "goes on");
  }
}
