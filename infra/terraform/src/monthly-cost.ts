import { type BilledItem, billedItems } from "./billed-items.ts";
import type { PlannedStack } from "./planned-stack.ts";

/** One price, as it was noted down. */
export interface UnitPrice {
  readonly unit: string;
  /** Page of the price. */
  readonly source: string;
  /** When it was noted. */
  readonly asOf: string;
  /** US dollars by region. */
  readonly usd: Readonly<Record<string, number>>;
}

/** How much goes through in a month, and why we think so. */
type Assumption = readonly [quantity: number, why: string];

/** `terraform/cost/prices.json`: everything the table takes from outside. */
export interface CostInputs {
  readonly note: string;
  readonly hoursPerMonth: number;
  readonly prices: Readonly<Record<string, UnitPrice>>;
  readonly usage: {
    readonly everyRegion: Readonly<Record<string, Assumption>>;
    readonly global: Readonly<Record<string, Assumption>>;
  };
}

/** What one price comes to in a month. */
export interface CostLine {
  readonly price: string;
  readonly kind: "declared" | "assumed";
  /** US dollars by stack. */
  readonly usd: Readonly<Record<string, number>>;
  readonly totalUsd: number;
}

/** What is global is billed at the prices of this region. */
const globalRegion = "us-east-1";

/** The lines of the table, dearest first. Throws for a price that is not among the inputs. */
export function monthlyCost(stacks: readonly PlannedStack[], inputs: CostInputs): CostLine[] {
  const lines = [
    ...linesOf("declared", stacks, inputs, (stack) => billedItems(stack, inputs.hoursPerMonth)),
    ...linesOf("assumed", stacks, inputs, (stack) => assumedItems(stack, inputs)),
  ];
  return lines.sort((left, right) => right.totalUsd - left.totalUsd);
}

function assumedItems(stack: PlannedStack, { usage }: CostInputs): BilledItem[] {
  const assumed = stack.name === "global" ? usage.global : usage.everyRegion;
  return Object.entries(assumed).map(([price, [quantity]]) => ({ price, quantity }));
}

function linesOf(
  kind: CostLine["kind"],
  stacks: readonly PlannedStack[],
  { prices }: CostInputs,
  itemsOf: (stack: PlannedStack) => BilledItem[],
): CostLine[] {
  const byPrice = new Map<string, Record<string, number>>();
  for (const stack of stacks) {
    const region = stack.name === "global" ? globalRegion : stack.name;
    for (const { price, quantity } of itemsOf(stack)) {
      const usd = prices[price]?.usd[region];
      if (usd === undefined) {
        throw new Error(`terraform/cost/prices.json has no price ${price} for ${region}`);
      }
      const line = byPrice.get(price) ?? {};
      line[stack.name] = (line[stack.name] ?? 0) + usd * quantity;
      byPrice.set(price, line);
    }
  }
  return [...byPrice].map(([price, usd]) => ({
    price,
    kind,
    usd,
    totalUsd: Object.values(usd).reduce((sum, part) => sum + part, 0),
  }));
}
