import type { Lane, Part, Scene } from "./story.ts";

/** Columns between two lifelines, and before the first. */
const pitch = 19;
const margin = 6;

/** A sequence diagram as text: a lane for everybody, an arrow for every message that arrived. */
export function drawSequence(lanes: readonly Lane[], scenes: readonly Scene[]): string {
  const width = margin * 2 + pitch * (lanes.length - 1) + 24;
  const rows: string[] = [heading(lanes, width)];
  const laneOf = ({ kind, index }: Part) =>
    lanes.findIndex(({ parts }) => parts.some((p) => p.kind === kind && p.index === index));
  for (const scene of scenes) {
    rows.push(blank(lanes, width));
    if (scene.kind === "says") {
      rows.push(...arrow(lanes, width, laneOf(scene.from), laneOf(scene.to), scene.text));
    } else {
      rows.push(...note(lanes, width, laneOf(scene.at), scene.text));
    }
  }
  rows.push(blank(lanes, width));
  return rows.map((row) => row.trimEnd()).join("\n");
}

/** Breaks a text at its spaces, first where it has a semicolon. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const part of text.split("; ")) {
    let line = "";
    for (const word of part.split(" ")) {
      if (line !== "" && line.length + 1 + word.length > width) {
        lines.push(line);
        line = word;
      } else line = line === "" ? word : `${line} ${word}`;
    }
    lines.push(line);
  }
  return lines;
}

function arrow(
  lanes: readonly Lane[],
  width: number,
  from: number,
  to: number,
  text: string,
): string[] {
  const [left, right] = [at(Math.min(from, to)), at(Math.max(from, to))];
  const room = right - left - 3;
  // Beside the one who speaks, so that a long way needs no looking for who it was.
  const rows = wrap(text, Math.min(room, 2 * pitch - 3)).map((line) => {
    const start = from < to ? left + 2 : right - 1 - line.length;
    return put(blank(lanes, width), start, line);
  });
  const shaft = "─".repeat(right - left - 2);
  const line = from < to ? `├${shaft}▶` : `◀${shaft}┤`;
  return [...rows, put(blank(lanes, width), from < to ? left : left + 1, line)];
}

function note(lanes: readonly Lane[], width: number, lane: number, text: string): string[] {
  return wrap(text, pitch + 3).map((line, index) => {
    const mark = index === 0 ? `╳ ${line}` : `│ ${line}`;
    return put(blank(lanes, width), at(lane), mark);
  });
}

function heading(lanes: readonly Lane[], width: number): string {
  let row = " ".repeat(width);
  for (const [index, { name }] of lanes.entries()) {
    row = put(row, at(index) - Math.floor((name.length - 1) / 2), name);
  }
  return row;
}

function blank(lanes: readonly Lane[], width: number): string {
  let row = " ".repeat(width);
  for (const index of lanes.keys()) row = put(row, at(index), "│");
  return row;
}

function at(lane: number): number {
  return margin + lane * pitch;
}

function put(row: string, start: number, text: string): string {
  return row.slice(0, start) + text + row.slice(start + text.length);
}
