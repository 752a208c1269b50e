/** Values whose keys are chosen by whoever installs the chart. */
const free = new Set(["nodeSelector", "serviceAccountAnnotations", "peers"]);

/** Paths in `given` that `known` does not have, where both are trees of objects. */
export function unknownKeys(given: unknown, known: unknown, path = ""): string[] {
  if (!isObject(given)) return [];
  return Object.entries(given).flatMap(([key, value]) => {
    const here = path === "" ? key : `${path}.${key}`;
    if (!isObject(known) || !(key in known)) return [here];
    return free.has(key) ? [] : unknownKeys(value, known[key], here);
  });
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
