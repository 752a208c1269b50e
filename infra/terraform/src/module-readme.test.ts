import { expect, it } from "vitest";
import { tablesOf, withTables } from "./module-readme.ts";

const variables = `variable "name" {
  description = "Prefix | of <names>."
  type        = string
}

variable "kafka" {
  description = "The brokers."
  type = object({
    type = string
  })
  default = null
}
`;
const outputs = `output "vpc_id" {
  description = "The network."
  value       = aws_vpc.this.id
}
`;

it("inputs and outputs become rows, and a bar in a text does not end its cell", () => {
  expect(tablesOf(variables, outputs).split("\n")).toEqual([
    "| input | what | type | default |",
    "|---|---|---|---|",
    "| `name` | Prefix \\| of &lt;names>. | `string` | required |",
    "| `kafka` | The brokers. | `object` | `null` |",
    "",
    "| output | what |",
    "|---|---|",
    "| `vpc_id` | The network. |",
  ]);
});

it("tables are written at the end at first, and in their place from then on", () => {
  const first = withTables("# network\n\nWhat people wrote.\n", "tables");
  const second = withTables(`${first}\nMore.\n`, "other tables");
  expect(second).toContain("What people wrote.");
  expect(second).toContain("other tables");
  expect(second.endsWith("More.\n")).toBe(true);
  expect(second.split("other tables")).toHaveLength(2);
  expect(withTables(second, "other tables")).toBe(second);
});
