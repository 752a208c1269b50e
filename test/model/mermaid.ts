import type { Lane, Part, Scene } from "./story.ts";

/** The same as Mermaid, for pages that draw it. */
export function drawMermaid(lanes: readonly Lane[], scenes: readonly Scene[]): string {
  const nameOf = ({ kind, index }: Part) =>
    lanes.find(({ parts }) => parts.some((p) => p.kind === kind && p.index === index))?.name ?? "";
  const lines = lanes.map(({ name }) => `  participant ${name}`);
  for (const scene of scenes) {
    // A semicolon ends a statement there.
    const text = scene.text.replaceAll("; ", "<br/>");
    lines.push(
      scene.kind === "says"
        ? `  ${nameOf(scene.from)}->>${nameOf(scene.to)}: ${text}`
        : `  Note over ${nameOf(scene.at)}: ${text}`,
    );
  }
  return ["sequenceDiagram", ...lines].join("\n");
}
