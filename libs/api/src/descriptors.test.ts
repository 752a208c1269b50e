import { expect, test } from "vitest";
import { Descriptors } from "./descriptors.ts";

const common = ["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"];

test("a server is described by the services that it offers, and by no other", () => {
  expect(new Descriptors(["holdfast.audit.v1"]).services).toEqual([
    ...common,
    "holdfast.audit.v1.AuditService",
  ]);
  expect(new Descriptors(["holdfast.v1", "holdfast.internal.v1"]).services).toEqual([
    ...common,
    "holdfast.internal.v1.MembershipService",
    "holdfast.internal.v1.VotingService",
    "holdfast.v1.AdminService",
    "holdfast.v1.LockService",
    "holdfast.v1.SessionService",
  ]);
});

test("what an offered file imports is known, and a service that is not offered is not", () => {
  const audit = new Descriptors(["holdfast.audit.v1"]);
  expect(audit.fileDeclaring("holdfast.audit.v1.AuditService.At")).toHaveLength(2);
  expect(audit.fileDeclaring("holdfast.v1.LockId")).toHaveLength(1);
  expect(audit.fileDeclaring("holdfast.v1.LockService")).toBeUndefined();
});
