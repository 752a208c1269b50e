import type { Failure } from "@holdfast/base/failure";
import { unreachable } from "@holdfast/base/invariant";
import type { Command } from "@holdfast/core/command/command";
import type {
  AcquireOutcome,
  Confirmation,
  Grant,
  LeaseAnswer,
  LockState,
  Outcome,
  Tenant,
} from "@holdfast/core/command/outcome";
import { HeldKind } from "../generated/holdfast/v1/session.ts";
import type { WireWriter } from "../wire/wire-writer.ts";
import { wholeDown, wholeUp, writeLease, writeLock, writeTenant } from "./shared-encode.ts";
import { failureCodeNumber, modeNumber } from "./vocabulary.ts";
import { writeVote } from "./vote-codec.ts";

/** Holders that a refused or timed out acquire is told about; more would only cost. */
const holdersShownMax = 10;
/** Holders and waiters that a read of a lock shows, and holders that a force release names. */
const tenantsShownMax = 100;

/** An outcome that is a decision and not a failure. */
export type Decision = Exclude<Outcome, Failure>;

/** Writes the fields of the response message that stands for the decision of an acquire. */
export function writeAcquireResponse(
  writer: WireWriter,
  outcome: Exclude<AcquireOutcome, Failure>,
): void {
  switch (outcome.kind) {
    case "granted": {
      const mark = writer.begin(1, "large");
      writeGrant(writer, outcome.grant);
      writer.end(mark, "large");
      return;
    }
    case "held": {
      const mark = writer.begin(2, "large");
      writeHolders(writer, outcome.holders, outcome.queueLength);
      const retryAfterMs = wholeUp(outcome.retryAfterMs);
      if (retryAfterMs !== 0) writer.number(3, retryAfterMs);
      writer.end(mark, "large");
      return;
    }
    case "timeout": {
      const mark = writer.begin(3, "large");
      writeHolders(writer, outcome.holders, outcome.queueLength);
      writer.end(mark, "large");
      return;
    }
    case "cancelled":
      writer.end(writer.begin(4, "small"), "small");
      return;
    case "deadlock": {
      const mark = writer.begin(5, "large");
      for (const link of outcome.cycle) writer.text(1, link);
      writer.end(mark, "large");
      return;
    }
  }
}

/**
 * Writes the fields of the response message that stands for `outcome`. `kind` is the command's, for
 * an acquire and a cancel can both end in "cancelled".
 */
export function writeResponse(writer: WireWriter, kind: Command["kind"], outcome: Decision): void {
  switch (outcome.kind) {
    case "granted":
    case "held":
    case "timeout":
    case "deadlock":
      writeAcquireResponse(writer, outcome);
      return;
    case "released":
      if (outcome.handedOver) writer.number(1, 1);
      return;
    case "renewed":
      writeMs(writer, 1, wholeDown(outcome.validForMs));
      for (const each of outcome.confirmed ?? []) writeConfirmation(writer, 2, each);
      return;
    case "cancelled":
      if (kind === "acquire") writeAcquireResponse(writer, { kind: "cancelled" });
      else if ("found" in outcome && outcome.found) writer.number(1, 1);
      return;
    case "lock":
      writeLockState(writer, outcome);
      return;
    case "force-released":
      for (const tenant of outcome.released.slice(0, tenantsShownMax)) {
        writeTenant(writer, 1, tenant);
      }
      writeMs(writer, 2, outcome.releasedCount ?? outcome.released.length);
      return;
    case "opened":
      writer.text(1, outcome.session);
      writeMs(writer, 2, wholeDown(outcome.ttlMs));
      writeLease(writer, 3, outcome.lease);
      writeMs(writer, 4, wholeDown(outcome.validForMs));
      return;
    case "heartbeat":
      for (const answer of outcome.leases) writeLeaseAnswer(writer, 1, answer);
      return;
    case "closed":
      return;
    default:
      unreachable(outcome);
  }
}

/** Writes the fields of a `Failure`. */
export function writeFailure(writer: WireWriter, failure: Failure): void {
  writer.number(1, failureCodeNumber(failure.code));
  if (failure.message !== "") writer.text(2, failure.message);
  if (failure.field !== undefined) writer.text(3, failure.field);
  if (failure.shard !== undefined) writer.text(4, failure.shard);
  for (const region of failure.regions ?? []) writer.text(5, region);
  if (failure.retryAfterMs !== undefined) writer.number(6, wholeUp(failure.retryAfterMs));
}

function writeGrant(writer: WireWriter, grant: Grant): void {
  writeLock(writer, 1, grant.lock);
  writer.text(2, grant.grantId);
  writer.number(3, modeNumber(grant.mode));
  writer.uint64(4, grant.token);
  writeMs(writer, 5, wholeDown(grant.validForMs));
  writeLease(writer, 6, grant.lease);
  for (const region of grant.regions) writer.text(7, region);
  if (grant.validFrom === "this-send") writer.number(8, 1);
  for (const each of grant.confirmed ?? []) writeConfirmation(writer, 9, each);
}

function writeConfirmation(writer: WireWriter, field: number, confirmation: Confirmation): void {
  const mark = writer.begin(field, "small");
  writeLease(writer, 1, confirmation.lease);
  writeMs(writer, 2, wholeDown(confirmation.validForMs));
  writer.end(mark, "small");
}

function writeHolders(writer: WireWriter, holders: readonly Tenant[], queueLength: number): void {
  const shown = Math.min(holders.length, holdersShownMax);
  for (let index = 0; index < shown; index++) {
    const holder = holders[index];
    if (holder !== undefined) writeTenant(writer, 1, holder);
  }
  writeMs(writer, 2, queueLength);
}

function writeLockState(writer: WireWriter, state: LockState): void {
  writeLock(writer, 1, state.lock);
  if (state.shard !== "") writer.text(2, state.shard);
  writeMs(writer, 3, state.slot);
  for (const holder of state.holders.slice(0, tenantsShownMax)) writeTenant(writer, 4, holder);
  for (const waiter of state.waiters.slice(0, tenantsShownMax)) writeTenant(writer, 5, waiter);
  writeMs(writer, 6, state.holderCount);
  writeMs(writer, 7, state.waiterCount);
  if (state.revision !== 0n) writer.uint64(8, state.revision);
  for (const vote of state.votes ?? []) writeVote(writer, 9, vote);
  if (state.ageMs !== undefined) writeMs(writer, 10, wholeUp(state.ageMs));
}

function writeLeaseAnswer(writer: WireWriter, field: number, answer: LeaseAnswer): void {
  const mark = writer.begin(field, "small");
  writeLease(writer, 1, answer.lease);
  writeMs(writer, 2, wholeDown(answer.validForMs));
  if (answer.unknown) writer.number(3, 1);
  if (answer.held !== undefined) {
    const list = writer.begin(4, "large");
    for (const entry of answer.held) {
      const inner = writer.begin(1, "small");
      const kind = entry.kind === "holder" ? HeldKind.HELD_KIND_HOLDER : HeldKind.HELD_KIND_WAITER;
      writer.number(1, kind);
      writeLock(writer, 2, entry.lock);
      writer.text(3, entry.grantId);
      writer.end(inner, "small");
    }
    writer.end(list, "large");
  }
  writer.end(mark, "small");
}

/** A whole number, left out when it is 0. */
function writeMs(writer: WireWriter, field: number, value: number): void {
  if (value !== 0) writer.number(field, value);
}
