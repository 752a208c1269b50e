import { describe, expect, it } from "vitest";
import { billedItems } from "./billed-items.ts";
import { costDocument } from "./cost-table.ts";
import { type CostInputs, monthlyCost } from "./monthly-cost.ts";
import type { PlannedResource, PlannedStack } from "./planned-stack.ts";

function stack(name: string, ...resources: readonly [string, PlannedResource["values"]][]) {
  return {
    name,
    resources: resources.map(([type, values], index) => ({
      type,
      address: `${type}.${index}`,
      values,
    })),
    outputs: {},
  } satisfies PlannedStack;
}

const inputs: CostInputs = {
  note: "Inputs.",
  hoursPerMonth: 100,
  prices: {
    "kms.key": {
      unit: "month",
      source: "x",
      asOf: "then",
      usd: { "us-east-1": 1, "eu-west-1": 2 },
    },
    "nat.gateway": { unit: "hour", source: "x", asOf: "then", usd: { "us-east-1": 0.5 } },
    "nat.data": {
      unit: "GB",
      source: "x",
      asOf: "then",
      usd: { "us-east-1": 0.1, "eu-west-1": 1 },
    },
  },
  usage: { everyRegion: { "nat.data": [10, "images"] }, global: {} },
};

describe("what a stack is billed for", () => {
  it("a standby and its disk have prices of their own", () => {
    const instance = { instance_class: "db.m7g.large", allocated_storage: 50 };
    const items = (multiAz: boolean) =>
      billedItems(stack("us-east-1", ["aws_db_instance", { ...instance, multi_az: multiAz }]), 100);
    expect(items(true)).toEqual([
      { price: "rds.db.m7g.large.multi-az", quantity: 100 },
      { price: "rds.storage.multi-az", quantity: 50 },
    ]);
    expect(items(false)[0]?.price).toBe("rds.db.m7g.large.single-az");
  });

  it("an endpoint costs by its zones, and the gateway of S3 nothing", () => {
    const items = billedItems(
      stack(
        "us-east-1",
        ["aws_vpc_endpoint", { vpc_endpoint_type: "Interface", subnet_ids: [null, null, null] }],
        ["aws_vpc_endpoint", { vpc_endpoint_type: "Gateway" }],
      ),
      100,
    );
    expect(items).toEqual([{ price: "endpoint.interface", quantity: 300 }]);
  });

  it("volumes that the chart claims are counted", () => {
    const outputs = { helm_values: { etcd: { shards: 2, members: 3, storage: { size: "32Gi" } } } };
    expect(billedItems({ name: "us-east-1", resources: [], outputs }, 100)).toEqual([
      { price: "ebs.gp3", quantity: 192 },
    ]);
  });

  it("a resource of which nothing is known is an error and not left out", () => {
    expect(() => billedItems(stack("us-east-1", ["aws_new_thing", {}]), 100)).toThrow(
      "what a aws_new_thing costs",
    );
  });
});

describe("the table", () => {
  const stacks = [
    stack("global", ["aws_kms_key", {}]),
    stack("us-east-1", ["aws_kms_key", {}], ["aws_nat_gateway", {}]),
    stack("eu-west-1", ["aws_kms_key", {}]),
  ];

  it("has a price's cost by stack, each at the prices of its region, dearest first", () => {
    expect(monthlyCost(stacks, inputs)).toEqual([
      { price: "nat.gateway", kind: "declared", usd: { "us-east-1": 50 }, totalUsd: 50 },
      {
        price: "nat.data",
        kind: "assumed",
        usd: { "us-east-1": 1, "eu-west-1": 10 },
        totalUsd: 11,
      },
      {
        price: "kms.key",
        kind: "declared",
        usd: { global: 1, "us-east-1": 1, "eu-west-1": 2 },
        totalUsd: 4,
      },
    ]);
  });

  it("a price that nobody noted is an error", () => {
    const elsewhere = [stack("eu-west-1", ["aws_nat_gateway", {}])];
    expect(() => monthlyCost(elsewhere, inputs)).toThrow("no price nat.gateway for eu-west-1");
  });

  it("tells the sum, and what of it is assumed", () => {
    const names = stacks.map(({ name }) => name);
    const document = costDocument(monthlyCost(stacks, inputs), names, inputs);
    expect(document).toContain("**Together: 65.00 a month**, of which 54.00 by standing there.");
    expect(document).toContain("| nat.data | 10 GB in each region | images |");
  });
});
