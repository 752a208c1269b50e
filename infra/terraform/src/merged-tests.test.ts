import { expect, it } from "vitest";
import { testsOfModule, testWithValues } from "./merged-tests.ts";

const tests = `mock_provider "aws" {}

run "one" {
  command = plan
}

run "two" {
  command = plan
}
`;

it("every run names its module", () => {
  const merged = testsOfModule(tests, "../../modules/dns");
  expect(merged.match(/source = "..\/..\/modules\/dns"/g)).toHaveLength(2);
  expect(merged).toContain('run "two" {\n  module {\n');
});

it("values become the variables of a run that has the environment's name", () => {
  const text = 'mock_provider "aws" {}\n\nrun "environment" {\n  command = plan\n}\n';
  const { head, run } = testWithValues(text, "prod", ['region = "us-east-1"', "nodes = 2"]);
  expect(head).toBe('mock_provider "aws" {}\n\n');
  expect(run).toBe(
    'run "prod" {\n  variables {\n    region = "us-east-1"\n    nodes = 2\n  }\n  command = plan\n}\n',
  );
});

it("a test without a run is an error and not an empty success", () => {
  expect(() => testWithValues("", "prod", [])).toThrow("no run");
});
