import type { ArchiverNews } from "./archiver-news.ts";

/** A line of a service's log. */
export interface NewsLine {
  readonly level: "info" | "warn" | "error";
  readonly fields: Readonly<Record<string, string | number>>;
  readonly message: string;
}

/** How an archiver's news stand in its log. */
export function newsLine(news: ArchiverNews): NewsLine {
  const action = { "event.action": `archive-${news.kind}` };
  switch (news.kind) {
    case "stored": {
      const { day, cluster, key, rows, bytes } = news.part;
      const message = `${rows} events of ${cluster} on ${day} are in the archive`;
      return { level: "info", fields: { ...action, day, cluster, key, rows, bytes }, message };
    }
    case "dropped": {
      const { day, rows } = news;
      const message = `${day} was dropped: all its ${rows} events are in the archive`;
      return { level: "info", fields: { ...action, day, rows }, message };
    }
    case "failed":
      return { level: "warn", fields: { ...action, step: news.step }, message: news.message };
    case "incomplete":
    case "damaged": {
      const { kind, day, cluster, message } = news;
      const level = kind === "damaged" ? "error" : "warn";
      return { level, fields: { ...action, day, cluster }, message };
    }
  }
}
