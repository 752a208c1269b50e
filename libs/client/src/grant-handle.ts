import type { GrantId } from "@holdfast/base/ids";
import type { LockId, Mode } from "@holdfast/core/lock/lock-id";
import { checkName, checkNamespace, checkRegion } from "@holdfast/core/lock/name";
import { HoldfastError } from "./holdfast-error.ts";

/** All that a later process needs to renew or release a grant. */
export interface GrantHandle {
  readonly lock: LockId;
  readonly mode: Mode;
  readonly token: bigint;
  readonly grantId: GrantId;
  /** The ttl of the acquire: how long a late copy of it must be refused after the release. */
  readonly ttlMs: number;
  /** The acquire was sent more than once or left unanswered, so there may be such a copy. */
  readonly repeated: boolean;
}

/** `#` occurs in no lock name and begins no comment inside a shell word. */
const pattern =
  /^([^/]+)\/([^/]+)\/([^#]+)#([xs])\.([A-Za-z0-9_-]{22})\.(\d{1,20})\.(\d{1,8})(r?)$/;

/**
 * `region/namespace/name#mode.grantId.token.ttl`, for example
 * `us-east-1/default/order:12345#x.kq0…A.17592186044421.30000`; an `r` at the end marks a repeat.
 */
export function printHandle(handle: GrantHandle): string {
  const { region, namespace, name } = handle.lock;
  const mode = handle.mode === "exclusive" ? "x" : "s";
  const grant = `${mode}.${handle.grantId}.${handle.token}.${handle.ttlMs}`;
  return `${region}/${namespace}/${name}#${grant}${handle.repeated ? "r" : ""}`;
}

/** The inverse of {@link printHandle}; throws INVALID_ARGUMENT for any other text. */
export function parseHandle(text: string): GrantHandle {
  const match = pattern.exec(text.trim());
  const [, region = "", namespace = "", name = "", mode, grantId = "", token, ttl, repeated] =
    match ?? [];
  const complaint = checkRegion(region) ?? checkNamespace(namespace) ?? checkName(name);
  if (match === null || complaint !== undefined) {
    throw new HoldfastError(
      "INVALID_ARGUMENT",
      `${JSON.stringify(text.slice(0, 80))} is no handle; pass the handle exactly as the acquire ` +
        "printed it (region/namespace/name#mode.grant.token.ttl), in quotes.",
      { field: "handle" },
    );
  }
  return {
    lock: { region, namespace, name },
    mode: mode === "x" ? "exclusive" : "shared",
    token: BigInt(token ?? ""),
    grantId: grantId as GrantId,
    ttlMs: Number(ttl),
    repeated: repeated === "r",
  };
}
