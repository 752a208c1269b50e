/** What the code calls a field that the Elastic Common Schema has a name for. */
const ecsNames: Readonly<Record<string, string>> = {
  address: "server.address",
};

/**
 * The fields of a log line by their names in the Elastic Common Schema: those it has a name for
 * bear it, as those do that are called by such a name already (with a point in it); all others are
 * ours, and lie under `holdfast`, so that they never meet a field of somebody else's.
 */
export function ecsFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const named: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value instanceof Error) Object.assign(named, errorFields(value));
    else if (name.includes(".")) named[name] = value;
    else named[ecsNames[name] ?? `holdfast.${snakeCase(name)}`] = value;
  }
  return named;
}

function errorFields({ name, message, stack }: Error): Record<string, unknown> {
  return {
    "error.type": name,
    "error.message": message,
    ...(stack !== undefined && { "error.stack_trace": stack }),
  };
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
