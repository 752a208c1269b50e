import type { CostInputs, CostLine } from "./monthly-cost.ts";

/** `terraform/cost/README.md`, whole. */
export function costDocument(
  lines: readonly CostLine[],
  stacks: readonly string[],
  inputs: CostInputs,
): string {
  const declared = lines.filter(({ kind }) => kind === "declared");
  const assumed = lines.filter(({ kind }) => kind === "assumed");
  return [
    "# What prod costs a month",
    "",
    "Written by `npm run generate -w infra/terraform` from the resources that `environments/prod`",
    "declares (a plan with a mocked provider) and from `prices.json`. US dollars. A test compares.",
    "",
    inputs.note,
    "",
    "## What stands there",
    "",
    "Nodes at the least number of their groups; a month has " +
      `${inputs.hoursPerMonth} hours. Volumes of etcd are those the chart claims.`,
    "",
    ...table(declared, stacks),
    "",
    "## What goes through, by assumption",
    "",
    ...table(assumed, stacks),
    "",
    `**Together: ${dollars(sum(lines))} a month**, of which ${dollars(sum(declared))} by standing there.`,
    "",
    "## Assumptions",
    "",
    "| of | a month | why |",
    "|---|---|---|",
    ...Object.entries(inputs.usage).flatMap(([where, usage]) =>
      Object.entries(usage).map(
        ([price, [quantity, why]]) =>
          `| ${price} | ${quantity} ${inputs.prices[price]?.unit ?? ""}${
            where === "everyRegion" ? " in each region" : ""
          } | ${why} |`,
      ),
    ),
    "",
    "## Unit prices",
    "",
    "| price | per | us-east-1 | us-west-2 | eu-west-1 | noted | source |",
    "|---|---|---|---|---|---|---|",
    ...Object.entries(inputs.prices).map(
      ([price, { unit, usd, asOf, source }]) =>
        `| ${price} | ${unit} | ${usd["us-east-1"]} | ${usd["us-west-2"]} | ${usd["eu-west-1"]} | ${asOf} | ${source} |`,
    ),
    "",
  ].join("\n");
}

function table(lines: readonly CostLine[], stacks: readonly string[]): string[] {
  const totals = stacks.map((stack) => lines.reduce((all, { usd }) => all + (usd[stack] ?? 0), 0));
  return [
    `| price | ${stacks.join(" | ")} | together |`,
    `|---|${stacks.map(() => "---:|").join("")}---:|`,
    ...lines.map(
      ({ price, usd, totalUsd }) =>
        `| ${price} | ${stacks.map((stack) => cell(usd[stack])).join(" | ")} | ${dollars(totalUsd)} |`,
    ),
    `| **together** | ${totals.map(dollars).join(" | ")} | **${dollars(sum(lines))}** |`,
  ];
}

function sum(lines: readonly CostLine[]): number {
  return lines.reduce((all, { totalUsd }) => all + totalUsd, 0);
}

function cell(usd: number | undefined): string {
  return usd === undefined ? "" : dollars(usd);
}

/** To the cent, and the same on every machine. */
function dollars(usd: number): string {
  return (Math.round(usd * 100) / 100).toFixed(2);
}
