import type { Command } from "commander";
import type { LockView, TenantView } from "../connection/client-port.ts";
import { exitCodes } from "../exit-codes.ts";
import { printDuration } from "../input/duration.ts";
import { checkedName } from "../input/lock-name.ts";
import type { Invocation } from "../invocation.ts";
import { examplesHelp } from "../output/help-text.ts";
import { renderFields } from "../output/table.ts";
import { jsonTenant, printMetadata, printOwner } from "../output/tenant.ts";
import type { Wrap } from "../wrap.ts";
import { addConsistencyOption, type ConsistencyOptions } from "./consistency-option.ts";
import { addGlobalOption, type ScopeOptions, scopeOf } from "./global-option.ts";
import { jsonVote, printVotes } from "./votes.ts";

/** `holdfast get NAME`: who holds a lock and who waits for it. */
export function addGet(program: Command, wrap: Wrap): void {
  const command = program
    .command("get")
    .argument("<name>", "the lock")
    .summary("show who holds a lock and who waits")
    .description(
      "Shows the holders of a lock and its queue, head first. A free lock is no error. Of a global " +
        "lock it also shows what each region says.",
    );
  addConsistencyOption(addGlobalOption(command, "the global lock of that name"))
    .addHelpText(
      "after",
      examplesHelp([
        "holdfast get order:12345",
        "holdfast get order:12345 --region eu-west-1",
        "holdfast get leader --global",
        "holdfast get order:12345 -o json | jq '.holders[0].token'",
      ]),
    )
    .action(
      wrap<ScopeOptions & ConsistencyOptions>(async (invocation, [word = ""], options) => {
        const name = checkedName(word);
        const scope = scopeOf(options);
        const client = await invocation.connect({ scope });
        const lock = await client.get(name, scope, options.consistency);
        if (invocation.format === "json") await invocation.printJson(jsonLock(lock));
        else await printLock(invocation, lock);
        return exitCodes.done;
      }),
    );
}

function jsonLock(lock: LockView): Record<string, unknown> {
  const { region, namespace, name, shard, slot, holderCount, waiterCount, votes, ageMs } = lock;
  return {
    region,
    namespace,
    lock: name,
    ...(votes === undefined ? { shard, slot } : { slot, votes: votes.map(jsonVote) }),
    ...(ageMs === undefined ? {} : { ageMs }),
    state: stateOf(lock),
    holderCount,
    waiterCount,
    holders: lock.holders.map(jsonTenant),
    waiters: lock.waiters.map(jsonTenant),
  };
}

function stateOf(lock: LockView): "free" | "exclusive" | "shared" {
  return lock.holders[0]?.mode ?? "free";
}

async function printLock(invocation: Invocation, lock: LockView): Promise<void> {
  const state = stateOf(lock);
  await invocation.print(
    renderFields(
      [
        ["lock", lock.name],
        ["region", lock.region],
        ["namespace", lock.namespace],
        ["shard", lock.shard === "" ? `slot ${lock.slot}` : `${lock.shard} (slot ${lock.slot})`],
        ["state", state === "free" ? "free" : `held, ${state}`],
        ["waiting", lock.waiterCount.toString()],
        ...readWhen(lock),
      ],
      invocation.paint,
    ),
  );
  await printTenants(invocation, lock);
  if (lock.votes !== undefined) await printVotes(invocation, lock.votes);
}

/** Says so only of what is not of this moment. */
function readWhen({ ageMs }: LockView): [string, string][] {
  return ageMs === undefined ? [] : [["read", `${printDuration(ageMs)} ago (cached)`]];
}

async function printTenants(invocation: Invocation, lock: LockView): Promise<void> {
  const { holderCount, waiterCount } = lock;
  const rows = [
    ...lock.holders.map((holder) => tenantRow("holds", holder)),
    ...lock.waiters.map((waiter, index) => tenantRow(`waits ${index + 1}`, waiter)),
  ];
  if (rows.length === 0) return;
  await invocation.print("\n");
  await invocation.printTable(
    [
      { title: "WHO" },
      { title: "OWNER", flexible: true },
      { title: "MODE" },
      { title: "TOKEN", align: "right" },
      { title: "FOR", align: "right" },
      { title: "TTL", align: "right" },
      { title: "METADATA", flexible: true },
    ],
    rows,
  );
  const hidden = holderCount + waiterCount - rows.length;
  if (hidden > 0) await invocation.note(`and ${hidden} more\n`);
}

function tenantRow(role: string, tenant: TenantView): string[] {
  const { mode, token, ageMs, ttlMs, metadata } = tenant;
  const fence = token === 0n ? "-" : token.toString();
  const times = [printDuration(ageMs), printDuration(ttlMs)];
  return [role, printOwner(tenant), mode, fence, ...times, printMetadata(metadata)];
}
