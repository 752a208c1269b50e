/** A part of the mappings of an index template. */
interface Mapping {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Mapping>>;
}

/** Every field that the mappings give a type, by its whole name. */
export function mappedFields({ properties = {} }: Mapping, before = ""): Map<string, string> {
  const fields = new Map<string, string>();
  for (const [name, mapping] of Object.entries(properties)) {
    if (mapping.type !== undefined) fields.set(`${before}${name}`, mapping.type);
    for (const [inner, type] of mappedFields(mapping, `${before}${name}.`)) fields.set(inner, type);
  }
  return fields;
}

/** The fields of a log line by their whole names, as Elasticsearch sees them. */
export function fieldsOf(line: object, before = ""): [name: string, value: unknown][] {
  return Object.entries(line).flatMap(([name, value]): [string, unknown][] => {
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? fieldsOf(value, `${before}${name}.`) : [[`${before}${name}`, value]];
  });
}

/** Whether a value can be stored in a field of this type. */
export function fits(type: string, value: unknown): boolean {
  const values = Array.isArray(value) ? value : [value];
  if (type === "long") return values.every((each) => Number.isInteger(each));
  if (type === "date") return values.every((each) => !Number.isNaN(Date.parse(String(each))));
  return values.every((each) => typeof each === "string");
}
