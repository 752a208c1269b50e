import { setTimeout as sleep } from "node:timers/promises";
import { SystemClock } from "@holdfast/base/clock";
import type { RequestId, SessionId } from "@holdfast/base/ids";
import { integerBelow, type Random, randomUuid } from "@holdfast/base/random";
import { GrpcTransport } from "@holdfast/client/grpc/grpc-transport";
import type { Connection } from "@holdfast/client/transport";
import type { AcquireCommand } from "@holdfast/core/command/command";
import type { AcquireOutcome, Grant } from "@holdfast/core/command/outcome";
import { EtcdWitness } from "./etcd-witness.ts";
import type { DrilledRegion } from "./region.ts";

/** What came of it. */
export interface DuplicatesResult {
  readonly requests: number;
  readonly copies: number;
  readonly granted: number;
  /** One sentence for each thing that went wrong. */
  readonly problems: readonly string[];
}

const lockName = "drill/duplicates";
const copiesMax = 4;

/**
 * Sends every acquire and every release several times at once, through both routers and over two
 * connections each, and looks at etcd's history for what they did.
 */
export async function runDuplicatesDrill(
  region: DrilledRegion,
  random: Random,
  rounds: number,
): Promise<DuplicatesResult> {
  const witness = await EtcdWitness.watch(region.etcd.endpoints, lockName);
  const lines = await Promise.all([...region.endpoints, ...region.endpoints].map(dial));
  try {
    const drill = new Duplicates(lines, random, region.name);
    const sessions = await Promise.all(Array.from({ length: 4 }, () => drill.open()));
    const beating = setInterval(() => drill.beat(sessions), 3_000);
    await Promise.all(sessions.map((session) => drill.work(session, rounds)));
    clearInterval(beating);
    await sleep(500);
    const { copies, granted, problems } = drill;
    problems.push(...doubleGrants(witness));
    const left =
      (await witness.count("x")) + (await witness.count("s")) + (await witness.count("q"));
    if (left > 0) problems.push(`${left} holders or places are left at the end`);
    return { requests: sessions.length * rounds, copies, granted, problems };
  } finally {
    for (const line of lines) line.close();
    witness.close();
  }
}

async function dial(endpoint: string): Promise<Connection> {
  const transport = new GrpcTransport(new SystemClock(), { name: "drill", version: "0" });
  const reply = await transport.connect(endpoint, { onEvent() {}, onClosed() {} });
  if (reply.kind === "failure") throw new Error(reply.message);
  return reply.connection;
}

/** A request may be granted once, whatever became of its grant since. */
function doubleGrants(witness: EtcdWitness): string[] {
  const made = witness.changes.filter(
    ({ kind, what, revision, createRevision }) =>
      kind !== "q" && what === "put" && revision === createRevision,
  );
  return [...Map.groupBy(made, ({ grantId }) => grantId)]
    .filter(([, grants]) => grants.length > 1)
    .map(([grantId, grants]) => `${grantId} was granted ${grants.length} times`);
}

class Duplicates {
  copies = 0;
  granted = 0;
  readonly problems: string[] = [];
  readonly #lines: readonly Connection[];
  readonly #random: Random;
  readonly #region: string;
  #requests = 0;

  constructor(lines: readonly Connection[], random: Random, region: string) {
    this.#lines = lines;
    this.#random = random;
    this.#region = region;
  }

  async open(): Promise<SessionId> {
    const requestId = randomUuid(this.#random) as RequestId;
    const open = { kind: "open-session", region: this.#region, ttlMs: 15_000, requestId } as const;
    const outcomes = await Promise.all(this.#lines.map((line) => line.send(open)));
    const opened = outcomes.filter((outcome) => outcome.kind === "opened");
    const [first] = opened;
    const ids = new Set(opened.map(({ session, lease }) => `${session} ${lease.leaseId}`));
    if (ids.size > 1) this.problems.push(`one request opened ${ids.size} sessions`);
    if (first === undefined) throw new Error("no session could be opened");
    return first.session;
  }

  beat(sessions: readonly SessionId[]): void {
    for (const session of sessions) {
      const beat = { kind: "heartbeat", session, ttlMs: 15_000, leases: [], list: false } as const;
      void this.#lines[0]!.send(beat);
    }
  }

  async work(session: SessionId, rounds: number): Promise<void> {
    for (let round = 0; round < rounds; round++) {
      const waits = this.#random.next() < 0.7;
      const command: AcquireCommand = {
        kind: "acquire",
        lock: { region: this.#region, namespace: "default", name: lockName },
        scope: "local",
        mode: this.#random.next() < 0.3 ? "shared" : "exclusive",
        requestId: `d${this.#requests++}` as RequestId,
        session,
        waitMs: waits ? 10_000 : 0,
        owner: "drill",
        metadata: {},
      };
      const outcomes = await Promise.all(this.#choose().map((line) => line.send(command)));
      const grant = this.#agreed(command, outcomes);
      if (grant !== undefined) await this.#release(command, grant);
    }
  }

  /** Any lines, the same one twice among them. */
  #choose(): Connection[] {
    const count = 2 + integerBelow(this.#random, copiesMax - 1);
    this.copies += count;
    return Array.from({ length: count }, () => {
      return this.#lines[integerBelow(this.#random, this.#lines.length)]!;
    });
  }

  /** All copies that were granted say the same, and a request that waits is granted. */
  #agreed(command: AcquireCommand, outcomes: readonly AcquireOutcome[]): Grant | undefined {
    const grants = outcomes.flatMap((each) => (each.kind === "granted" ? [each.grant] : []));
    const said = new Set(grants.map(({ grantId, token }) => `${grantId} with token ${token}`));
    if (said.size > 1) this.problems.push(`${command.requestId} got ${[...said].join(" and ")}`);
    const failed = outcomes.filter((each) => each.kind === "failure");
    for (const { code, message } of failed) {
      const isHarmless = code === "CONTENDED" || code === "UNKNOWN_OUTCOME";
      if (!isHarmless) this.problems.push(`${command.requestId}: ${code} ${message}`);
    }
    if (command.waitMs > 0 && grants.length === 0) {
      const kinds = outcomes.map(({ kind }) => kind).join(", ");
      this.problems.push(`${command.requestId} waited in vain: ${kinds}`);
    }
    if (grants.length > 0) this.granted++;
    return grants[0];
  }

  /** All copies of a release find it released, or not held any more. */
  async #release(command: AcquireCommand, { grantId, token, mode }: Grant): Promise<void> {
    const { lock, session } = command;
    const release = {
      kind: "release",
      ...{ lock, grantId, token, mode, repeated: true },
      ...(session === undefined ? {} : { session }),
    } as const;
    const lines = this.#choose();
    // A late copy of the acquire, too: it must not be granted once its release was answered.
    const outcomes = await Promise.all(lines.map((line) => line.send(release)));
    const released = outcomes.filter(({ kind }) => kind === "released").length;
    if (released !== 1) {
      const codes = outcomes.map((each) => (each.kind === "failure" ? each.code : each.kind));
      this.problems.push(
        `${command.requestId} was released ${released} times: ${codes.join(", ")}`,
      );
    }
    const late = await this.#choose()[0]!.send({ ...command, waitMs: 0 });
    if (late.kind === "granted") this.problems.push(`${command.requestId} was granted once more`);
  }
}
