import { sha256 } from "@holdfast/base/digest";
import { type ArchiveManifest, tagOf } from "../archive-manifest.ts";
import { append, type ChainHead, type Link } from "../chain.ts";

/** The links that `lines` become after `start`. */
export function chained(start: ChainHead, lines: readonly Uint8Array[]): Link[] {
  let head = start;
  return lines.map((line) => {
    const link = append(head, line);
    head = link;
    return link;
  });
}

/** The manifest of an object that holds `lines`, of which there is at least one. */
export function manifestOf(start: ChainHead, lines: readonly Uint8Array[]): ArchiveManifest {
  const links = chained(start, lines);
  const [first, last] = [links[0], links.at(-1)];
  if (first === undefined || last === undefined) throw new Error("an object has a line");
  return {
    day: "2026-11-22",
    cluster: start.cluster,
    part: 0,
    rows: links.length,
    firstSequence: first.sequence,
    lastSequence: last.sequence,
    previousHash: start.hash,
    firstHash: first.hash,
    lastHash: last.hash,
    key: "lines/part",
    bytes: 10,
    sha256: sha256(new Uint8Array(0)),
    lineBytes: lines.reduce((sum, line) => sum + line.length + 1, 0),
    tags: new Uint8Array(Buffer.concat(lines.map(tagOf))),
  };
}
