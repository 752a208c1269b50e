// To start Terraform costs more than to run a test, for each start reads the schema of the whole
// provider. So tests of many modules, and those of many environments, are run by one process each.

/** The tests of a module, to be run from somewhere else: each run names the module it is about. */
export function testsOfModule(tests: string, source: string): string {
  return eachRun(tests, (name) => [
    `run "${name}" {`,
    "  module {",
    `    source = "${source}"`,
    "  }",
  ]);
}

/** A test that waits for values, with these: the text of one or more `.tfvars` files. */
export function testWithValues(
  test: string,
  name: string,
  values: readonly string[],
): { readonly head: string; readonly run: string } {
  const start = test.search(/^run "/m);
  if (start < 0) throw new Error("there is no run in the test");
  const indented = values
    .join("\n")
    .replaceAll(/^(?=.)/gm, "    ")
    .trimEnd();
  return {
    head: test.slice(0, start),
    run: eachRun(test.slice(start), () => [`run "${name}" {`, "  variables {", indented, "  }"]),
  };
}

function eachRun(tests: string, begin: (name: string) => readonly string[]): string {
  return tests.replaceAll(/^run "([^"]+)" \{$/gm, (_, name: string) => begin(name).join("\n"));
}
