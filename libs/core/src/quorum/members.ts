import { utf8, utf8Text } from "@holdfast/base/bytes";

/**
 * Which etcd clusters are the shards of the three regions, as of one generation. A record never
 * changes: whoever needs another one raises the generation.
 */
export interface Members {
  /** 1 is what a new installation forms; each re-admission makes the next one. */
  readonly generation: number;
  /** By `region/shard`. */
  readonly shards: Readonly<Record<string, Member>>;
}

/** One shard in a record. */
export interface Member {
  /** Chosen once by each cluster, kept in it, and gone with its data. */
  readonly incarnation: string;
  /** It lost its data: it votes once the registers were copied into it, and not by being listed. */
  readonly isJoining: boolean;
}

const format = 1;

/** `region/shard`, as records name it. */
export function memberName(region: string, shard: string): string {
  return `${region}/${shard}`;
}

/** JSON, so that an operator can read it; equal records have equal bytes. */
export function encodeMembers({ generation, shards }: Members): Uint8Array {
  const names = Object.keys(shards).sort();
  const incarnations = names.map((name) => [name, shards[name]?.incarnation ?? ""]);
  const joining = names.filter((name) => shards[name]?.isJoining);
  return utf8(
    JSON.stringify({ format, generation, shards: Object.fromEntries(incarnations), joining }),
  );
}

/** Undefined where the bytes are of another version, or damaged. */
export function decodeMembers(bytes: Uint8Array): Members | undefined {
  try {
    const stored = JSON.parse(utf8Text(bytes));
    const { generation } = stored;
    if (stored.format !== format || !Number.isSafeInteger(generation) || generation < 1) {
      return undefined;
    }
    const joining = new Set<string>(stored.joining);
    const shards = Object.entries<string>(stored.shards).map(([name, incarnation]) => {
      return [name, { incarnation, isJoining: joining.has(name) }];
    });
    return { generation, shards: Object.fromEntries(shards) };
  } catch {
    return undefined;
  }
}

/** The same clusters under the same names at the same generation. */
export function sameMembers(left: Members | undefined, right: Members | undefined): boolean {
  if (left === right) return true;
  if (left === undefined || right === undefined) return false;
  return utf8Text(encodeMembers(left)) === utf8Text(encodeMembers(right));
}
