import { expect, it } from "vitest";
import { attributeOf, blocksOf, textOf } from "./hcl-blocks.ts";

const text = `variable "name" {
  description = "The \\"name\\"."
  type        = string
}

variable "pools" {
  description = "Pools."
  type = map(object({
    min = number
    max = optional(number, 3)
  }))
  default = {}

  validation {
    condition     = true
    error_message = "never"
  }
}
`;

it("blocks of a kind are found in their order", () => {
  expect(blocksOf("variable", text).map(({ label }) => label)).toEqual(["name", "pools"]);
  expect(blocksOf("output", text)).toEqual([]);
});

it("an expression over several lines is read whole and ends with its own bracket", () => {
  const [, pools] = blocksOf("variable", text);
  if (pools === undefined) throw new Error("there is no such block");
  expect(attributeOf(pools, "type")).toBe(
    "map(object({ min = number max = optional(number, 3) }))",
  );
  expect(attributeOf(pools, "default")).toBe("{}");
});

it("an attribute that is not set is told apart from one that is", () => {
  const [name] = blocksOf("variable", text);
  if (name === undefined) throw new Error("there is no such block");
  expect(attributeOf(name, "default")).toBeUndefined();
  expect(textOf(attributeOf(name, "description"))).toBe('The "name".');
});

it("a block that is not closed is an error and not an empty table", () => {
  expect(() => blocksOf("variable", 'variable "name" {\n  type = string\n')).toThrow("not closed");
});
