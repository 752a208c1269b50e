/** A schema of either dialect; only what we read of it is named. */
interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly [key: string]: unknown;
}

interface Kind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** What Kubernetes publishes as `api/openapi-spec/swagger.json`. */
export interface ApiDescription {
  readonly definitions: Readonly<Record<string, Schema>>;
}

const kindsKey = "x-kubernetes-group-version-kind";
const quantity = "io.k8s.apimachinery.pkg.api.resource.Quantity";
/** Said alike in both dialects. */
const kept = ["$ref", "type", "enum", "required", "minimum", "maximum", "pattern"] as const;

/**
 * JSON schemas of all kinds of objects, by file name (`deployment-apps-v1.json`), as kubeconform
 * looks for them. Fields that the API does not know are refused.
 */
export function kubernetesSchemas({ definitions }: ApiDescription): Map<string, object> {
  const known = new Map(Object.entries(definitions).map(([name, each]) => [name, strict(each)]));
  // The description calls it a string; 1 and 0.5 are as good.
  known.set(quantity, { anyOf: [{ type: "string" }, { type: "number" }] });
  const schemas = new Map<string, object>();
  for (const [name, definition] of Object.entries(definitions)) {
    const [kind, ...more] = (definition[kindsKey] ?? []) as readonly Kind[];
    // Several kinds: DeleteOptions and the like, which no manifest holds.
    if (kind === undefined || more.length > 0) continue;
    schemas.set(fileName(kind), whole(name, kind, known));
  }
  return schemas;
}

function fileName({ group, version, kind }: Kind): string {
  const api = group === "" ? version : `${group.split(".")[0]}-${version}`;
  return `${kind.toLowerCase()}-${api}.json`;
}

function whole(name: string, kind: Kind, known: ReadonlyMap<string, object>): object {
  const top = known.get(name) as { properties?: object; required?: readonly string[] };
  const apiVersion = kind.group === "" ? kind.version : `${kind.group}/${kind.version}`;
  const definitions = Object.fromEntries(
    [...reached(name, known)].sort().map((each) => [each, known.get(each)]),
  );
  return {
    ...top,
    $schema: "http://json-schema.org/draft-07/schema#",
    properties: {
      ...top.properties,
      apiVersion: { type: "string", enum: [apiVersion] },
      kind: { type: "string", enum: [kind.kind] },
    },
    required: [...new Set([...(top.required ?? []), "apiVersion", "kind"])].sort(),
    definitions,
  };
}

/** The names of all definitions that one leads to, by whatever way. */
function reached(name: string, known: ReadonlyMap<string, object>): Set<string> {
  const found = new Set<string>();
  const open: string[] = [name];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const references = JSON.stringify(known.get(next)).matchAll(/"#\/definitions\/([^"]+)"/g);
    for (const [, reference = ""] of references) {
      if (found.has(reference)) continue;
      found.add(reference);
      open.push(reference);
    }
  }
  return found;
}

function strict(schema: Schema): object {
  const out: Record<string, unknown> = {};
  for (const key of kept) if (schema[key] !== undefined) out[key] = schema[key];
  if (schema.format === "int-or-string") {
    return { anyOf: [{ type: "string" }, { type: "integer" }] };
  }
  const { properties, required = [], items, additionalProperties } = schema;
  if (properties !== undefined) {
    out.properties = Object.fromEntries(
      Object.entries(properties).map(([name, each]) => {
        const field = strict(each);
        // The API server takes null for a field that may be left out.
        return [name, required.includes(name) ? field : { anyOf: [field, { type: "null" }] }];
      }),
    );
    out.additionalProperties = false;
  }
  if (items !== undefined) out.items = strict(items);
  if (typeof additionalProperties === "object") {
    out.additionalProperties = strict(additionalProperties);
  } else if (additionalProperties !== undefined) out.additionalProperties = additionalProperties;
  return out;
}
