import { expect, test } from "vitest";
import { kubernetesSchemas } from "./kubernetes-schemas.ts";

const quantity = "io.k8s.apimachinery.pkg.api.resource.Quantity";

const schemas = kubernetesSchemas({
  definitions: {
    "io.k8s.api.apps.v1.Pot": {
      type: "object",
      required: ["spec"],
      properties: {
        apiVersion: { type: "string" },
        spec: { $ref: "#/definitions/io.k8s.PotSpec" },
        labels: { type: "object", additionalProperties: { type: "string" } },
      },
      "x-kubernetes-group-version-kind": [{ group: "apps", kind: "Pot", version: "v1" }],
    },
    "io.k8s.PotSpec": {
      type: "object",
      properties: {
        port: { type: "string", format: "int-or-string" },
        memory: { $ref: `#/definitions/${quantity}` },
      },
    },
    "io.k8s.Stray": { type: "object", properties: {} },
    [quantity]: { type: "string" },
    "io.k8s.DeleteOptions": {
      type: "object",
      "x-kubernetes-group-version-kind": [
        { group: "", kind: "DeleteOptions", version: "v1" },
        { group: "apps", kind: "DeleteOptions", version: "v1" },
      ],
    },
  },
});

test("an object has one schema, under the name by which kubeconform looks for it", () => {
  expect([...schemas.keys()]).toEqual(["pot-apps-v1.json"]);
});

test("a schema is complete, and holds nothing it does not lead to", () => {
  expect(schemas.get("pot-apps-v1.json")).toMatchObject({
    required: ["apiVersion", "kind", "spec"],
    additionalProperties: false,
    properties: {
      apiVersion: { enum: ["apps/v1"] },
      kind: { enum: ["Pot"] },
      labels: { anyOf: [{ additionalProperties: { type: "string" } }, { type: "null" }] },
    },
    definitions: {
      "io.k8s.PotSpec": {
        additionalProperties: false,
        properties: {
          port: { anyOf: [{ anyOf: [{ type: "string" }, { type: "integer" }] }, { type: "null" }] },
        },
      },
      [quantity]: { anyOf: [{ type: "string" }, { type: "number" }] },
    },
  });
  expect(JSON.stringify(schemas.get("pot-apps-v1.json"))).not.toContain("Stray");
});
