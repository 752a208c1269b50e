import type { LeaseId } from "@holdfast/base/ids";
import type { Origin } from "./cluster.ts";
import type { Answer, CallLimits, Member } from "./member.ts";

/** What etcd3's codec gives of a response header. */
interface RawHeader {
  readonly cluster_id: string;
  readonly raft_term: string;
}

/** Asks for a lease whose id etcd chooses. */
export async function grantLease(
  member: Member,
  ttlS: number,
  limits: CallLimits,
): Promise<Answer<Origin & { readonly lease: LeaseId; readonly ttlS: number }>> {
  const payload = { TTL: String(ttlS), ID: "0" };
  const answer = await member.slowCall("Lease", "leaseGrant", payload, limits);
  return identified(answer, (raw: { readonly ID: string; readonly TTL: string }) => ({
    lease: BigInt(raw.ID) as LeaseId,
    ttlS: Number(raw.TTL),
  }));
}

/** Ends a lease. */
export async function revokeLease(
  member: Member,
  lease: bigint,
  limits: CallLimits,
): Promise<Answer<Origin>> {
  const payload = { ID: String(lease) };
  return identified(await member.slowCall("Lease", "leaseRevoke", payload, limits), () => ({}));
}

/** Forgets history before `revision`. */
export async function compact(
  member: Member,
  revision: bigint,
  limits: CallLimits,
): Promise<Answer<Origin>> {
  const payload = { revision: String(revision) };
  return identified(await member.slowCall("KV", "compact", payload, limits), () => ({}));
}

function identified<Raw, Value>(
  answer: Answer<unknown>,
  read: (raw: Raw) => Value,
): Answer<Origin & Value> {
  if (answer.kind === "error") return answer;
  // Something else than an etcd may answer without one; then it is of no cluster we know.
  const { header } = answer.value as { readonly header: RawHeader | null };
  const clusterId = BigInt(header?.cluster_id ?? 0);
  const origin = { clusterId, raftTerm: BigInt(header?.raft_term ?? 0) };
  return { kind: "answer", value: { ...origin, ...read(answer.value as Raw) } };
}
