import assert from "node:assert/strict";
import type { GrantId, LeaseId } from "@holdfast/base/ids";
import { Attempt, type Step } from "@holdfast/core/quorum/attempt";
import type { Ballot } from "@holdfast/core/quorum/ballot";
import type { RegionClaims } from "@holdfast/core/quorum/claim";
import type { Members } from "@holdfast/core/quorum/members";
import { planReadmission, standingsIn } from "@holdfast/core/quorum/membership";
import type { Shown } from "@holdfast/core/quorum/message";
import type { RegisterCommand } from "@holdfast/core/quorum/register-command";
import { registerLimits } from "@holdfast/core/quorum/register-value";
import { survey } from "@holdfast/core/quorum/survey";
import { acquireOf, sessionOf } from "@holdfast/core/quorum/testing/requests";
import { AcceptorTwin } from "./acceptor-twin.ts";

/** Three regions, numbered 0, 1 and 2; messages are delivered by hand. */
class Play {
  readonly regions = [new AcceptorTwin(), new AcceptorTwin(), new AcceptorTwin()];
  #round = 0;
  #leases = 0;

  /** Gives a session a lease in some regions. */
  open(name: string, ...regions: number[]): void {
    for (const region of regions) {
      this.regions[region]?.leases.set(sessionOf(name), BigInt(++this.#leases) as LeaseId);
    }
  }

  /** Gives the lock to somebody whose session lives everywhere; all regions hear of it. */
  hold(name: string): void {
    this.open(name, 0, 1, 2);
    this.accept(this.prepare(acquireOf(name), 0, 1), 0, 1, 2);
  }

  /** What the holder says to give it back. */
  release(name: string): RegisterCommand {
    const holders = this.regions[0]?.accepted?.value.holders ?? [];
    const token = holders.find(({ grantId }) => grantId === name)?.token ?? 0n;
    return { kind: "release", grantId: name as GrantId, token };
  }

  /** The session's lease in a region ends. */
  expire(name: string, region: number): void {
    const acceptor = this.regions[region];
    const lease = acceptor?.leases.get(sessionOf(name));
    if (lease !== undefined) acceptor?.endLease(sessionOf(name), lease);
  }

  /** A proposer that has been promised `ballot` by the regions it reached. */
  prepare(command: RegisterCommand, ...reached: number[]): Proposal {
    const ballot = { round: ++this.#round, proposer: this.#round, incarnation: 1 };
    const attempt = new Attempt(ballot, [command], undefined);
    let step: Step = attempt.begin();
    for (const region of reached) {
      const reply = this.regions[region]?.prepare({ ballot, generation: 1 });
      const after = reply === undefined ? step : attempt.onPrepareReply(region, reply);
      if (after.kind !== "wait") step = after;
    }
    return { ballot, attempt, step };
  }

  /** Its accept arrives at some regions. */
  accept({ ballot, attempt, step }: Proposal, ...reached: number[]): Step {
    if (step.kind !== "accept") throw new Error(`there is nothing to accept: ${step.kind}`);
    let chosen: Step = { kind: "wait" };
    for (const region of reached) {
      const reply = this.regions[region]?.accept({
        ballot,
        value: step.value,
        next: { ...ballot, round: ballot.round + 0.5 },
        attach: step.attach,
        forget: attempt.forgetIn(region, step.value),
        generation: 1,
      });
      if (reply === undefined) continue;
      const after = attempt.onAcceptReply(region, reply);
      if (after.kind !== "wait") chosen = after;
    }
    return chosen;
  }
}

interface Proposal {
  readonly ballot: Ballot;
  readonly attempt: Attempt;
  readonly step: Step;
}

/** The same once more, from a client or a coordinator that has sent it before. */
const repeated = { mayBeGranted: true };

/** One rule of the design, as the few steps that break a register without it. */
export interface Rule {
  readonly rule: string;
  readonly story: string;
  play(): void;
}

/** The rules of the global tier's design that are about a register alone. */
export const rules: readonly Rule[] = [
  {
    rule: "[H1]",
    story: "a lease that was made anew does not bring an old grant back to life",
    play() {
      const play = new Play();
      play.open("g", 0, 1, 2);
      const grant = play.prepare(acquireOf("g"), 0, 1);
      play.accept(grant, 0, 1, 2);
      const confirmed = grant.attempt.confirmed("g" as GrantId);
      // Its leases end in two regions, and its session opens new ones there.
      play.expire("g", 0);
      play.expire("g", 1);
      play.open("g", 0, 1);
      const leaseNow = (region: number) => play.regions[region]?.leases.get(sessionOf("g"));
      const counted = [0, 1, 2].filter((region) => confirmed.get(region) === leaseNow(region));
      assert.deepEqual(counted, [2], "a lease made anew counts for a grant from before");
      // Nor does a repeat that only reads take the new leases for the old grant's.
      const taker = play.prepare(acquireOf("t"), 0, 1);
      assert.equal(taker.step.kind, "accept", "a session that came back kept what it had lost");
    },
  },
  {
    rule: "[H2]",
    story: "a late accept of another ballot takes away what a region seemed to confirm",
    play() {
      const play = new Play();
      play.open("g", 0, 1, 2);
      // A first attempt for g leaves its liveness in region 2 only.
      play.accept(play.prepare(acquireOf("g"), 1, 2), 2);
      // Somebody else is promised regions 0 and 2, and its accept stays on its way.
      const other = play.prepare({ kind: "cancel", grantId: "g" as GrantId }, 0, 2);
      // g asks again through regions 0 and 1, and has no lease in region 0 by now.
      play.expire("g", 0);
      const again = play.prepare(acquireOf("g", repeated), 0, 1);
      assert.equal(play.accept(again, 0, 1).kind, "chosen");
      assert.deepEqual([...again.attempt.confirmed("g" as GrantId).keys()], [1]);
      // Region 2 still shows g live, under a ballot of its own: it must not be counted,
      assert.equal(play.regions[2]?.live.has("g" as GrantId), true);
      const repeat = play.prepare(acquireOf("g", repeated), 1, 2);
      assert.equal(repeat.step.kind, "accept", "two regions of different ballots were added up");
      // for the late accept may still arrive there.
      play.accept(other, 2);
    },
  },
  {
    rule: "[H3]",
    story: "a region that lost its data is no witness that a holder is gone",
    play() {
      const play = new Play();
      play.hold("h");
      const wiped = play.regions[0];
      wiped?.live.clear();
      if (wiped !== undefined) wiped.halfTrusted = true;
      play.expire("h", 1);
      // Region 2 still calls h live, and is not heard.
      const taker = play.prepare(acquireOf("t"), 0, 1);
      assert.equal(taker.step.kind, "hesitate", "the wiped region took part in a takeover");
      assert.equal(taker.attempt.hesitated().kind, "read");
    },
  },
  {
    rule: "[H4]",
    story: "an attempt from before a region was lost decides nothing after it was filled",
    play() {
      const play = new Play();
      const [east, west, europe] = play.regions as [AcceptorTwin, AcceptorTwin, AcceptorTwin];
      for (const [index, each] of play.regions.entries()) each.incarnation = `cluster ${index}`;
      const all = () =>
        play.regions.map((each, index) => {
          return { kind: "claims", region: `r${index}`, shards: [each.claim("s")] } as const;
        });
      const first = { generation: 1, shards: {} };
      for (const each of play.regions) each.members = first;
      // An early attempt has east's promise; its question to europe is still on its way.
      const ballot = { round: 9, proposer: 9, incarnation: 1 };
      const early = new Attempt(ballot, [acquireOf("early")], undefined);
      early.begin();
      early.onPrepareReply(0, east.prepare({ ballot, generation: 1 }));
      // East loses everything, and is filled from the two others.
      east.wipe("another cluster");
      const raise = planReadmission("r0", listed(all(), first));
      assert(raise.kind === "raise");
      const { record } = raise;
      west.raise("r1/s", record);
      europe.raise("r2/s", record);
      for (const each of [west, europe]) {
        const copy = each.copy(record.generation);
        assert(copy.kind === "copy");
        east.keep("another cluster", copy);
      }
      assert(east.readmit("another cluster", record));
      // It has forgotten the promise, so somebody with a lower ballot may be chosen there.
      assert.equal(
        east.prepare({ ballot: { ...ballot, round: 3 }, generation: 2 }).kind,
        "promised",
      );
      const late = europe.prepare({ ballot, generation: 1 });
      assert.equal(late.kind, "other-generation", "promises from before and after were added up");
    },
  },
  {
    rule: "[H5]",
    story: "a refusal that is only read is overtaken by another copy of the request",
    play() {
      const play = new Play();
      play.hold("h");
      play.open("r", 0, 1, 2);
      // The first copy of r is on its way; the repeat is refused, and the refusal must be chosen.
      const refused = play.prepare(acquireOf("r", repeated), 0, 1);
      assert.equal(refused.step.kind, "accept", "a refusal was told that nobody wrote down");
      assert.equal(play.accept(refused, 0, 1, 2).kind, "chosen");
      const release = play.release("h");
      play.accept(play.prepare(release, 0, 1), 0, 1, 2);
      const late = play.prepare(acquireOf("r"), 0, 1).step;
      const ended = late.kind === "read" ? late.outcomes[0] : undefined;
      assert.deepEqual(ended, { kind: "ended", fate: "refused" });
    },
  },
  {
    rule: "[H6]",
    story: "a request is not granted again by a register that may have forgotten its end",
    play() {
      const play = new Play();
      play.hold("r");
      const release = play.release("r");
      play.accept(play.prepare(release, 0, 1), 0, 1, 2);
      for (let index = 0; index < registerLimits.recent; index++) {
        const cancel = { kind: "cancel" as const, grantId: `other-${index}` as GrantId };
        play.accept(play.prepare(cancel, 0, 1), 0, 1, 2);
      }
      const late = play.prepare(acquireOf("r", repeated), 0, 1).step;
      const told = late.kind === "read" ? late.outcomes[0] : undefined;
      assert.deepEqual(told, { kind: "forgotten" }, "a request was granted twice");
    },
  },
  {
    rule: "[H7]",
    story: "a hand-over that the waiter's own region missed is found by looking at all of them",
    play() {
      const play = new Play();
      play.hold("h");
      play.open("w", 0, 1, 2);
      play.accept(play.prepare(acquireOf("w", { wait: true }), 0, 1), 0, 1, 2);
      // The release hands over in regions 1 and 2; region 0, where w waits, hears nothing.
      play.accept(play.prepare(play.release("h"), 1, 2), 1, 2);
      const look = (...heard: number[]) => {
        const shows = new Map<number, Shown>();
        for (const region of heard) {
          const shown = play.regions[region]?.read(1);
          if (shown?.kind === "shown") shows.set(region, shown);
        }
        return survey(shows);
      };
      assert.equal(look(0, 1), undefined);
      const seen = look(0, 1, 2);
      assert.equal(seen?.value.holders[0]?.grantId, "w", "nobody tells the waiter of its turn");
      assert.deepEqual([...(seen?.confirmed("w" as GrantId).keys() ?? [])], [1, 2]);
    },
  },
  {
    rule: "[H8]",
    story: "a contender near a holder that reaches only its own region hears the third",
    play() {
      const play = new Play();
      play.hold("h");
      play.expire("h", 1);
      play.expire("h", 2);
      // The two nearest regions disagree, for ever: whoever stops at two waits for ever.
      const near = play.prepare(acquireOf("t"), 0, 1);
      assert.equal(
        near.step.kind,
        "hesitate",
        "the contender was refused by two regions that disagree",
      );
      const reply = play.regions[2]?.prepare({ ballot: near.ballot, generation: 1 });
      assert(reply !== undefined);
      assert.equal(near.attempt.onPrepareReply(2, reply).kind, "accept");
    },
  },
  {
    rule: "[H10]",
    story: "liveness that the value no longer names goes with the accept",
    play() {
      const play = new Play();
      play.hold("h");
      const release = play.release("h");
      // Region 2 answers the prepare too late to be asked what it knows.
      play.accept(play.prepare(release, 0, 1, 2), 0, 1, 2);
      for (const region of play.regions) {
        assert.deepEqual([...region.live.keys()], [], "a grant that was released is called live");
      }
    },
  },
  {
    rule: "[L3]",
    story: "a hand-over that reached one region only does not cost the waiter its turn",
    play() {
      const play = new Play();
      play.hold("h");
      play.open("w", 0, 1, 2);
      play.accept(play.prepare(acquireOf("w", { wait: true }), 0, 1), 0, 1, 2);
      // The release loses to somebody else's attempt everywhere but in region 1.
      play.accept(play.prepare(play.release("h"), 0, 1), 1);
      const next = play.prepare(acquireOf("t", { wait: true }), 0, 1, 2);
      const holders = next.step.kind === "accept" ? next.step.value.holders : [];
      assert.equal(holders[0]?.grantId, "w", "the head of the line lost its turn");
      // And all regions hear that it lives, not that one alone.
      play.accept(next, 0, 2);
      assert.equal(play.regions[2]?.live.has("w" as GrantId), true);
    },
  },
  {
    rule: "[I13]",
    story: "one cluster under two names gives no vote under either",
    play() {
      const claims = ["east", "west", "europe"].map((region, index) => {
        // West and europe are one and the same.
        const incarnation = `cluster ${Math.min(index, 1)}`;
        const shard = { name: "s", incarnation, generation: 1, isHalfTrusted: false };
        return {
          kind: "claims",
          region,
          shards: [{ ...shard, isBlank: false, problem: "" }],
        } as const;
      });
      const shards = Object.fromEntries(
        claims.map(({ region, shards: [shard] }) => {
          return [`${region}/s`, { incarnation: shard.incarnation, isJoining: false }];
        }),
      );
      const all = listed(claims, { generation: 1, shards });
      const states = ["east", "west", "europe"].map((each) => standingsIn(each, all)[0]?.state);
      assert.deepEqual(
        states,
        ["voting", "silent", "silent"],
        "one cluster has two of the three votes",
      );
    },
  },
];

/** The same claims, each by a shard that was let in by `members`. */
function listed(all: readonly RegionClaims[], members: Members): RegionClaims[] {
  const shards = Object.fromEntries(
    all.flatMap(({ region, shards: own }) =>
      own.map(({ name, incarnation }) => [`${region}/${name}`, { incarnation, isJoining: false }]),
    ),
  );
  const record = Object.keys(members.shards).length > 0 ? members : { ...members, shards };
  return all.map((each) => ({
    ...each,
    shards: each.shards.map((shard) =>
      shard.generation === 0 ? shard : { ...shard, members: record },
    ),
  }));
}
