import { expect, test } from "vitest";
import { valueRows, valuesTable } from "./values-table.ts";

const yaml = `
# Nothing of this chart.
# -- Its name, which
# goes on here.
name: holdfast
router:
  # -- How many.
  replicas: 3
  service:
    type: ClusterIP
    # -- From where.
    ranges: []
  resources:
    requests: { cpu: 1 }
# -- Two words | and a bar.
labels: { a: b }
# -- Of all of it.
test:
  # -- Of this.
  ttl: 2
`;

test("a value is shown with its path, its default and its comment", () => {
  expect(valueRows(yaml)).toEqual([
    { path: "name", standard: '"holdfast"', text: "Its name, which goes on here." },
    { path: "router.replicas", standard: "3", text: "How many." },
    { path: "router.service.type", standard: '"ClusterIP"', text: "" },
    { path: "router.service.ranges", standard: "[]", text: "From where." },
    { path: "router.resources.requests", standard: '{"cpu":1}', text: "" },
    { path: "labels", standard: '{"a":"b"}', text: "Two words | and a bar." },
    { path: "test", standard: "", text: "Of all of it." },
    { path: "test.ttl", standard: "2", text: "Of this." },
  ]);
});

test("a bar in a comment does not break the table", () => {
  expect(valuesTable(valueRows(yaml))).toContain(
    '| `labels` | `{"a":"b"}` | Two words \\| and a bar. |',
  );
});
