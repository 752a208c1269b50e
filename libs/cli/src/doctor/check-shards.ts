import type { MemberView, ShardView } from "../connection/client-port.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";

/** Earlier ones have a stale-read bug and lease bugs. */
const oldestEtcd = [3, 6] as const;
/** etcd stops writing at 2 GiB unless told otherwise. */
const databaseBytesMax = 1.5 * 2 ** 30;

/** Do the stores of a region answer, and with all their members? */
export function checkShards(region: string, shards: readonly ShardView[]): Finding[] {
  if (shards.length === 0) {
    return [fail(`${region} shards`, "none", "Look at the router's log: has it a placement?")];
  }
  return shards.flatMap((shard) => {
    const about = `shard ${region}/${shard.name}`;
    return [checkStore(about, shard), ...shard.members.flatMap((one) => checkMember(about, one))];
  });
}

function checkStore(about: string, shard: ShardView): Finding {
  if (!shard.reachable) {
    const why = shard.problem === "" ? "" : `: ${shard.problem}`;
    return fail(
      about,
      `the store does not answer${why}`,
      `Look at its servers (${shard.endpoints.join(", ")}) and their logs.`,
    );
  }
  const up = shard.members.filter((member) => member.reachable).length;
  const releases = [...new Set(shard.members.flatMap(({ version }) => version || []))];
  const etcd = releases.length === 0 ? "" : `, etcd ${releases.join(" and ")}`;
  const message = `linearizable read in ${shard.roundTripMs.toFixed(1)}ms${etcd}`;
  if (up < shard.members.length) {
    return warn(
      about,
      `${message}, ${up} of ${shard.members.length} members answer`,
      "Bring the missing members back before another one fails.",
    );
  }
  return ok(about, up > 1 ? `${message}, all ${up} members answer` : message);
}

function checkMember(about: string, member: MemberView): Finding[] {
  const findings: Finding[] = [];
  const subject = `${about} ${member.endpoint}`;
  const [major = 0, minor = 0] = member.version.split(".").map(Number);
  const [oldestMajor, oldestMinor] = oldestEtcd;
  const old = major < oldestMajor || (major === oldestMajor && minor < oldestMinor);
  if (member.reachable && member.version !== "" && old) {
    const message = `etcd ${member.version} has bugs that can break a lock`;
    findings.push(warn(subject, message, "Upgrade it to 3.6.14 or newer."));
  }
  if (member.databaseBytes > databaseBytesMax) {
    const size = `${(member.databaseBytes / 2 ** 30).toFixed(1)} GiB on disk`;
    const advice = "Compact and defragment it (etcdctl defrag), or raise its quota.";
    findings.push(warn(subject, size, advice));
  }
  if (member.problem !== "") {
    findings.push(warn(subject, member.problem, "Look at that server and its log."));
  }
  return findings;
}
