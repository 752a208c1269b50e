import pg from "pg";
import { expect, test } from "vitest";
import { connectFailure, lookFailure, readFailure, writeFailure } from "./failure.ts";

/** As the server tells it. */
function told(code: string): pg.DatabaseError {
  return Object.assign(new pg.DatabaseError("told", 0, "error"), { code });
}

test("a change is in doubt where the server does not know itself, or was going down", () => {
  for (const code of ["08006", "40003", "57P01", "58030", "XX000"]) {
    expect(writeFailure(told(code)), code).toMatchObject({ kind: "unknown" });
  }
  expect(writeFailure(new Error("Query read timeout"))).toMatchObject({ kind: "unknown" });
});

test("a change that the server undid is certainly not done", () => {
  for (const code of ["40001", "40P01", "55P03", "57014"]) {
    expect(writeFailure(told(code)), code).toMatchObject({ kind: "unavailable" });
  }
  expect(writeFailure(told("42501"))).toMatchObject({ kind: "refused", reason: "denied" });
  expect(writeFailure(told("53100"))).toMatchObject({ kind: "refused", reason: "no-space" });
});

test("a reading is never in doubt, and a question after a change always", () => {
  for (const code of ["08006", "42501", "57014"]) {
    expect(readFailure(told(code)).kind, code).not.toBe("unknown");
    expect(lookFailure(told(code)), code).toMatchObject({ kind: "unknown" });
  }
});

test("a server that is not believed is named, and the password is not", () => {
  const failure = connectFailure(
    new Error("certificate has expired"),
    "postgres://u:geheim@db:5432/x",
  );
  const message = "Postgres at db:5432: its certificate has expired: renew it there";
  expect(failure).toEqual({ kind: "unavailable", message });
});
