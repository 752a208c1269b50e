/** Words of PromQL that look like names of metrics. */
const keywords = new Set([
  ...["by", "without", "on", "ignoring", "group_left", "group_right", "bool", "offset"],
  ...["and", "or", "unless", "Inf", "NaN"],
]);

/**
 * The metrics that a query names. Labels, strings, durations and functions are taken out; what is
 * left and is a word is a metric.
 */
export function metricsIn(expr: string): Set<string> {
  const bare = expr
    .replaceAll(/"(?:[^"\\]|\\.)*"/g, " ")
    .replaceAll(/'(?:[^'\\]|\\.)*'/g, " ")
    .replaceAll(/\{[^}]*\}/g, " ")
    .replaceAll(/\[[^\]]*\]/g, " ")
    .replaceAll(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, " ");
  const names = new Set<string>();
  for (const match of bare.matchAll(/(?<![\w.$])[a-zA-Z_][\w:]*(?!\s*\(|[\w:])/g)) {
    const [word] = match;
    if (!keywords.has(word)) names.add(word);
  }
  return names;
}

/** `x_bucket`, `x_count` and `x_sum` are one histogram `x`. */
export function familyOf(metric: string): string {
  return metric.replace(/_(bucket|count|sum)$/, "");
}

/** The labels that a query asks each metric for in braces. */
export function matchedLabels(expr: string): { metric: string; labels: string[] }[] {
  return [...expr.matchAll(/([a-zA-Z_][\w:]*)\{([^}]*)\}/g)].map(
    ([, metric = "", inside = ""]) => ({
      metric,
      labels: [...inside.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"/g)].map(([, label = ""]) => label),
    }),
  );
}

/** The labels that a query sorts its answers by. */
export function groupedLabels(expr: string): string[] {
  return [...expr.matchAll(/\bby\s*\(([^)]*)\)/g)].flatMap(([, inside = ""]) =>
    inside.split(",").map((label) => label.trim()),
  );
}
