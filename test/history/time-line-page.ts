import { writesOf } from "./guarded-writes.ts";
import type { FaultEvent, HistoryEvent } from "./history-event.ts";
import type { Tenure } from "./tenure.ts";
import type { DrillReport } from "./write-report.ts";

const chartTop = 40;
const chartHeight = 150;
const locksTop = chartTop + chartHeight + 30;
const rowHeight = 30;
const leftWidth = 150;
/** Rows of the locks used most; the history file has the others. */
const rowsMax = 14;
const widthMax = 16_000;
const latenciesMs = [1, 10, 100, 1_000, 10_000];

/**
 * One page that needs nothing else, not even scripts: faults as bands, the latency of every
 * operation above, and below one row a lock: who believed in it with which token, and what the
 * guarded resource took and refused.
 */
export function timeLinePage(report: DrillReport, events: readonly HistoryEvent[]): string {
  const { drill, seed, coverage, verdict, shortfalls, problems = [], figures = {} } = report;
  const wrong = [
    ...verdict.violations.map(
      ({ checker, lock, atMs, message }) => `${checker} of ${lock} at ${seconds(atMs)}: ${message}`,
    ),
    ...verdict.unchecked.map((lock) => `${lock} was not checked`),
    ...problems,
    ...shortfalls.map((text) => `not valid: ${text}`),
  ];
  const cells = Object.entries({ ...coverage, ...figures }).map(
    ([name, value]) => `<tr><td>${escaped(name)}<td>${Math.round(value * 1_000) / 1_000}`,
  );
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${escaped(drill)}, seed ${seed}</title>
<style>
body { font: 14px system-ui, sans-serif; margin: 24px; color: #1a1c20; background: #fff; }
td { padding: 1px 14px 1px 0; } .bad { color: #b3141b; } .good { color: #1a7f37; }
.scroll { overflow-x: auto; border: 1px solid #d5d8de; } svg text { font: 11px system-ui; }
</style>
<h1>${escaped(drill)}, seed ${seed}</h1>
<p class="${wrong.length === 0 ? "good" : "bad"}">${wrong.length === 0 ? "All is well." : ""}</p>
<ul class="bad">${wrong.slice(0, 100).map(item).join("")}</ul>
<table>${cells.join("\n")}</table>
<p>Bands: something was broken. Dots: latency of acquires that were granted (blue), that were not
(orange), and of releases (grey). Bars: who believed in a lock, by region, pale where shared, with
the token; red where a checker objects. Ticks: writes the guarded resource took (green) and refused
as stale (red). Point at anything for more.</p>
<div class="scroll">
${drawing(verdict.tenures, new Set(verdict.violations.flatMap(({ ops }) => ops)), events)}
</div>
</html>
`;
}

/** Draws one run. */
function drawing(
  tenures: readonly Tenure[],
  bad: ReadonlySet<string>,
  events: readonly HistoryEvent[],
): string {
  const times = events.map(({ atMs }) => atMs);
  const fromMs = times.reduce((least, ms) => Math.min(least, ms), Number.POSITIVE_INFINITY);
  const untilMs = times.reduce((most, ms) => Math.max(most, ms), 0);
  const spanMs = Math.max(1, untilMs - fromMs);
  const width = Math.min(widthMax, Math.max(1_200, spanMs / 10));
  const x = (ms: number): number => leftWidth + ((Math.min(ms, untilMs) - fromMs) / spanMs) * width;
  const rows = rowsOf(tenures);
  const height = locksTop + rows.size * rowHeight + 24;
  const faults = events.filter((event): event is FaultEvent => event.kind === "fault");
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${leftWidth + width + 10}" height="${height}">`,
    ...axes(fromMs, spanMs, x, height),
    ...faults.map((fault, index) => band(fault, index, x, height)),
    ...tenures.flatMap((tenure) => dots(tenure, x)),
    ...[...rows].map(([lock, row]) => label(lock, row)),
    ...tenures.flatMap((tenure) => bar(tenure, rows.get(tenure.lock), bad.has(tenure.op), x)),
    ...writesOf(events).flatMap(({ atMs, op, lock, token, accepted }) => {
      const row = rows.get(lock);
      if (row === undefined) return [];
      const about = `${op} ${accepted ? "wrote" : "was refused"} with token ${token}`;
      const color = accepted ? "#1a7f37" : "#e5484d";
      return [rect({ left: x(atMs), top: rowTop(row) + 22, wide: 2, high: 6, color }, about)];
    }),
    "</svg>",
  ].join("\n");
}

function rowsOf(tenures: readonly Tenure[]): Map<string, number> {
  const byLock = [...Map.groupBy(tenures, ({ lock }) => lock)].map(([lock, own]) => {
    return { lock, count: own.filter(({ result }) => result === "granted").length };
  });
  const chosen = byLock.toSorted((a, b) => b.count - a.count).slice(0, rowsMax);
  return new Map(chosen.map(({ lock }, row) => [lock, row]));
}

function axes(fromMs: number, spanMs: number, x: Scale, height: number): string[] {
  const lines = latenciesMs.map((ms) => {
    const y = latencyY(ms);
    const right = x(fromMs + spanMs);
    return `<line x1="${leftWidth}" x2="${right}" y1="${y}" y2="${y}" stroke="#e3e5e9"/>
<text x="${leftWidth - 6}" y="${y + 4}" text-anchor="end" fill="#7a7f87">${ms} ms</text>`;
  });
  const stepMs = spanMs > 120_000 ? 10_000 : 1_000;
  const ticks = Array.from({ length: Math.floor(spanMs / stepMs) + 1 }, (_, index) => {
    const ms = Math.ceil(fromMs / stepMs) * stepMs + index * stepMs;
    return `<text x="${x(ms).toFixed(1)}" y="${height - 6}">${seconds(ms)}</text>`;
  });
  return [...lines, ...ticks];
}

function band({ atMs, untilMs, what, target }: FaultEvent, index: number, x: Scale, high: number) {
  const shape = { left: x(atMs), top: 0, wide: x(untilMs) - x(atMs), high, color: "#e5484d22" };
  const about = `${what} ${target}, ${seconds(atMs)} to ${seconds(untilMs)}`;
  // Neighbours would write over each other on one line.
  const y = 12 + (index % 3) * 12;
  const text = `<text x="${(x(atMs) + 2).toFixed(1)}" y="${y}" fill="#8a1c20">${escaped(what)} `;
  return `${rect(shape, about)}\n${text}${escaped(target)}</text>`;
}

function dots({ op, invokeMs, returnMs, result, release }: Tenure, x: Scale): string[] {
  const found: string[] = [];
  const dot = (from: number, until: number, color: string, about: string): void => {
    if (!Number.isFinite(until)) return;
    const tookMs = until - from;
    const top = latencyY(tookMs) - 1;
    const title = `${about}, ${tookMs.toFixed(1)} ms`;
    found.push(rect({ left: x(from), top, wide: 2.5, high: 2.5, color }, title));
  };
  dot(invokeMs, returnMs, result === "granted" ? "#2563eb" : "#d97706", `${op} ${result}`);
  if (release !== undefined) {
    dot(release.invokeMs, release.returnMs, "#9aa0a6", `${op} released`);
  }
  return found;
}

function bar(tenure: Tenure, row: number | undefined, isBad: boolean, x: Scale): string[] {
  if (row === undefined || tenure.result !== "granted") return [];
  const { op, client, mode, token, returnMs, believedUntilMs } = tenure;
  const left = x(returnMs);
  const wide = Math.max(0.7, x(believedUntilMs) - left);
  const isShared = mode === "shared";
  const color = isBad ? "#e5484d" : `hsl(${hueOf(client)} 60% ${isShared ? 78 : 50}%)`;
  const high = isShared ? 9 : 20;
  const until = seconds(believedUntilMs);
  const about = `${op} ${mode}, token ${token}, ${seconds(returnMs)} to ${until}`;
  const shape = rect({ left, top: rowTop(row), wide, high, color }, about);
  if (wide < 60) return [shape];
  const at = `x="${(left + 3).toFixed(1)}" y="${rowTop(row) + 14}"`;
  return [shape, `<text ${at} fill="#fff">${token}</text>`];
}

function label(lock: string, row: number): string {
  const name = lock.slice(lock.lastIndexOf("/") + 1);
  return `<text x="4" y="${rowTop(row) + 14}">${escaped(name)}</text>`;
}

interface Shape {
  readonly left: number;
  readonly top: number;
  readonly wide: number;
  readonly high: number;
  readonly color: string;
}

function rect({ left, top, wide, high, color }: Shape, about: string): string {
  const place = `x="${left.toFixed(1)}" y="${top.toFixed(1)}"`;
  const size = `width="${Math.max(0.5, wide).toFixed(1)}" height="${high}"`;
  return `<rect ${place} ${size} fill="${color}"><title>${escaped(about)}</title></rect>`;
}

type Scale = (ms: number) => number;

function rowTop(row: number): number {
  return locksTop + row * rowHeight;
}

/** Logarithmic: 1 ms at the bottom, 10 s at the top. */
function latencyY(ms: number): number {
  const share = Math.log10(Math.min(10_000, Math.max(1, ms))) / 4;
  return chartTop + chartHeight - share * chartHeight;
}

/** One hue a region: a client is called by its role and region, then a number. */
function hueOf(client: string): number {
  const group = client.replace(/\d+$/, "");
  return [...group].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 360, 7);
}

function item(text: string): string {
  return `<li>${escaped(text)}</li>`;
}

function seconds(ms: number): string {
  return Number.isFinite(ms) ? `${(ms / 1_000).toFixed(2)} s` : "the end";
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
