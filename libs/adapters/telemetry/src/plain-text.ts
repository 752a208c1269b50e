/**
 * OpenMetrics in the words of the older text format, for who asks for nothing better: its counters
 * bear their whole name in what describes them, and it knows no examples.
 */
export function plainText(openMetrics: string): string {
  const lines = openMetrics.split("\n");
  const counters = new Set<string>();
  for (const line of lines) {
    const [, name] = /^# TYPE (\S+) counter$/.exec(line) ?? [];
    if (name !== undefined) counters.add(name);
  }
  const plain = lines
    .filter((line) => line !== "# EOF")
    .map((line) => {
      if (!line.startsWith("# ")) return withoutExample(line);
      const [, kind, name = "", rest] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
      return counters.has(name) ? `# ${kind} ${name}_total ${rest}` : line;
    });
  return plain.join("\n");
}

/** An example stands behind the value: ` # {trace_id="…"} 0.1 1763800000`. */
function withoutExample(line: string): string {
  return line.replace(/ # \{trace_id="[0-9a-f]*"\} \S+ \S+$/, "");
}
