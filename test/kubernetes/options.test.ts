import { describe, expect, it } from "vitest";
import { parseOptions } from "./options.ts";

describe("the options of the suite on Kubernetes", () => {
  it("take the cluster that KUBECONFIG names before one that would have to be made", () => {
    const env = {
      KUBECONFIG: "config",
      HOLDFAST_TEST_IMAGES: "registry.test/team",
      HOLDFAST_TEST_CLUSTER: "cluster",
    };
    expect(parseOptions([], env)).toMatchObject({
      kind: "run",
      cluster: { kind: "given", images: "registry.test/team" },
    });
  });

  it("want to know where a cluster that is there fetches images from", () => {
    expect(parseOptions([], { KUBECONFIG: "config" })).toMatchObject({
      kind: "usage",
      message: expect.stringContaining("HOLDFAST_TEST_IMAGES"),
    });
  });

  it("make a cluster by the command that is named", () => {
    const env = { KUBECONFIG: "", HOLDFAST_TEST_CLUSTER: "tools/cluster" };
    expect(parseOptions(["--only", "install", "--only", "zone", "--keep"], env)).toEqual({
      kind: "run",
      cluster: { kind: "made", command: "tools/cluster" },
      only: ["install", "zone"],
      keep: true,
      again: false,
    });
  });

  it("say what to set where there is no cluster", () => {
    const parsed = parseOptions([], {});
    expect(parsed.kind).toBe("usage");
    expect(parsed).toMatchObject({ message: expect.stringMatching(/KUBECONFIG.*TEST_CLUSTER/) });
  });

  it("refuse words that nobody knows, and need no cluster to explain themselves", () => {
    expect(parseOptions(["--fast"], {}).kind).toBe("usage");
    expect(parseOptions(["--help"], {}).kind).toBe("help");
    expect(parseOptions(["--list"], {}).kind).toBe("list");
  });
});
