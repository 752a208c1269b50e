import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { blocksUnder, readerScript } from "./manual.ts";

const text = `# Operations

\`\`\`sh
k() { kubectl --namespace "$NAMESPACE" "$@"; }
\`\`\`

## Mend

1. First.
   \`\`\`sh
   k get pods
   \`\`\`
2. Second.
   \`\`\`sh
   helm test $RELEASE
   \`\`\`

## Other

\`\`\`sh
k delete everything
\`\`\`
`;

describe("commands out of the manual", () => {
  it("are those under their heading, without the list's indentation", () => {
    expect(blocksUnder(text, "Mend")).toEqual(["k get pods\n", "helm test $RELEASE\n"]);
    expect(blocksUnder(text, "Nowhere")).toEqual([]);
  });

  it("run with the programs of a cluster, in the namespace of a region", () => {
    const shell = {
      kubectl: ["echo", "inside", "kubectl"],
      helm: ["echo", "inside", "helm"],
      holdfast: () => ["echo", "holdfast"],
    };
    const script = readerScript(text, shell, "us-west-2", blocksUnder(text, "Mend"));
    expect(execFileSync("bash", ["-c", script], { encoding: "utf8" })).toBe(
      "inside kubectl --namespace holdfast-e2e-us-west-2 get pods\ninside helm test hf\n",
    );
  });
});
