/** How one run of a test file ended. */
export interface TestRun {
  /** Name of the file without its endings: the module, if it was merged. */
  readonly file: string;
  readonly run: string;
  readonly isPassed: boolean;
  /** What Terraform found wrong. */
  readonly faults: readonly string[];
}

/** Lines of `terraform test -json`, of which a small part is read. */
interface Message {
  readonly type?: string;
  readonly "@testfile"?: string;
  readonly "@testrun"?: string;
  readonly test_run?: { readonly status: string; readonly progress?: string };
  readonly diagnostic?: {
    readonly severity: string;
    readonly summary: string;
    readonly detail: string;
  };
}

/** The runs that `terraform test -json` tells of, in their order. */
export function testRuns(stdout: string): TestRun[] {
  const runs = new Map<string, TestRun & { faults: string[] }>();
  for (const message of messages(stdout)) {
    const { "@testfile": path = "", "@testrun": run, test_run: state, diagnostic } = message;
    if (run === undefined) continue;
    const file = path.replace(/^.*\//, "").replace(/\.tftest\.hcl$/, "");
    const key = `${file}/${run}`;
    const known = runs.get(key) ?? { file, run, isPassed: false, faults: [] };
    if (diagnostic?.severity === "error") {
      known.faults.push(`${diagnostic.summary}: ${diagnostic.detail}`);
    }
    const isPassed = state === undefined ? known.isPassed : state.status === "pass";
    runs.set(key, { ...known, isPassed });
  }
  return [...runs.values()];
}

function messages(stdout: string): Message[] {
  return stdout
    .split("\n")
    .filter((line) => line.startsWith("{") && !line.includes('"type":"test_plan"'))
    .map((line) => JSON.parse(line) as Message);
}
