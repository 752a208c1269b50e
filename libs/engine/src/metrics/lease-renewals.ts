import type { Clock } from "@holdfast/base/clock";
import type { BoundCounter, Meter } from "../ports/meter.ts";
import type { KeepAliveReply } from "../ports/shard-store.ts";

/** A renewal under way. */
export interface Renewal {
  readonly sentAtMs: number;
}

/**
 * Counts the renewals of leases in one shard, and tells how far they lag behind: clients have said
 * that they live, and while the shard does not hear it their locks are about to be lost.
 */
export class LeaseRenewals {
  readonly #clock: Clock;
  readonly #counts: Readonly<Record<"renewed" | "ended" | "unanswered", BoundCounter>>;
  /** In the order they were sent. */
  readonly #underWay = new Set<Renewal>();
  /** When the first of those was sent that went unanswered since the last one that did not. */
  #missingSinceMs: number | undefined;

  constructor(meter: Meter, shard: string, clock: Clock) {
    this.#clock = clock;
    const renewals = meter.counter({
      name: "holdfast_lease_renewals_total",
      help: "Leases kept alive in answer to clients' heartbeats, by what the shard said",
      labels: ["shard", "outcome"],
    });
    this.#counts = {
      renewed: renewals.with({ shard, outcome: "renewed" }),
      ended: renewals.with({ shard, outcome: "ended" }),
      unanswered: renewals.with({ shard, outcome: "unanswered" }),
    };
    const lag = meter.gauge({
      name: "holdfast_lease_lag_seconds",
      help: "How long the oldest renewal waits that the shard has not answered; 0 while all are",
      labels: ["shard"],
    });
    lag.follow(() => this.lagMs / 1_000, { shard });
  }

  begin(): Renewal {
    const renewal = { sentAtMs: this.#clock.monotonicMs() };
    this.#underWay.add(renewal);
    return renewal;
  }

  end(renewal: Renewal, reply: KeepAliveReply): void {
    this.#underWay.delete(renewal);
    if (reply.kind === "kept") {
      this.#counts[reply.ttlS > 0 ? "renewed" : "ended"].add(1);
      this.#missingSinceMs = undefined;
    } else {
      this.#counts.unanswered.add(1);
      this.#missingSinceMs ??= renewal.sentAtMs;
    }
  }

  /** 0 while every renewal is answered. */
  get lagMs(): number {
    const [oldest] = this.#underWay;
    const sinceMs = this.#missingSinceMs ?? oldest?.sentAtMs;
    return sinceMs === undefined ? 0 : this.#clock.monotonicMs() - sinceMs;
  }
}
