import {
  type AtResponse,
  GrantedBy,
  type Holding,
  type Quorum,
} from "@holdfast/api/generated/holdfast/audit/v1/audit_service";
import { Mode } from "@holdfast/api/generated/holdfast/v1/lock";
import type { LockId } from "@holdfast/core/lock/lock-id";
import type { Command } from "commander";
import { exitCodes } from "../../exit-codes.ts";
import { checkedName } from "../../input/lock-name.ts";
import { isoMoment, parseMoment, printMoment } from "../../input/moment.ts";
import type { Invocation } from "../../invocation.ts";
import { examplesHelp } from "../../output/help-text.ts";
import { renderFields } from "../../output/table.ts";
import type { Wrap } from "../../wrap.ts";
import { addGlobalOption, type ScopeOptions, scopeOf } from "../global-option.ts";
import { type AuditOptions, addAuditEndpoint } from "./audit-options.ts";
import { jsonBeyond, noteBeyond } from "./beyond.ts";

interface AtOptions extends AuditOptions, ScopeOptions {}

/** `holdfast audit at LOCK TIME`. */
export function addAt(audit: Command, wrap: Wrap): void {
  const command = audit
    .command("at")
    .argument("<lock>", "the lock")
    .argument("<time>", "ago (2h, 1d), or a time in UTC (2026-01-31T12:00:05)")
    .summary("who held a lock at a moment, by whose word")
    .description(
      "Says who held a lock at a moment, with which token, and who granted it: a shard, two of " +
        "three regions, or a region they had delegated it to. Says as well where the record does " +
        "not reach far enough back.",
    );
  addAuditEndpoint(addGlobalOption(command, "a global lock"))
    .addHelpText(
      "after",
      examplesHelp([
        "holdfast audit at order:12345 2h",
        "holdfast audit at order:12345 2026-01-31T12:00:05 --region eu-west-1",
        "holdfast audit at billing-run 30m --global -o json",
      ]),
    )
    .action(
      wrap<AtOptions>(async (invocation, [word = "", time = ""], options) => {
        const name = checkedName(word);
        const atMs = parseMoment(time, "The time", invocation.edge.clock.wallMs());
        const port = await invocation.connectAudit(options.auditEndpoint);
        const lock = await invocation.lockId(name, scopeOf(options));
        const answer = await port.at({ lock, atMs: BigInt(atMs) });
        if (invocation.format === "json") await invocation.printJson(jsonAt(lock, atMs, answer));
        else await printAt(invocation, lock, atMs, answer);
        return exitCodes.done;
      }),
    );
}

function jsonAt({ region, namespace, name }: LockId, atMs: number, answer: AtResponse) {
  const { complete, doubts, delegation } = answer;
  return {
    region,
    namespace,
    lock: name,
    at: isoMoment(atMs),
    state: stateOf(answer),
    complete,
    holders: answer.holdings.map((holding) => {
      const { mode: _mode, grantedBy, sinceMs, session, quorum, event, ...rest } = holding;
      return {
        ...rest,
        mode: modeOf(holding),
        ...(session === "" ? {} : { session }),
        ...(sinceMs === undefined ? {} : { since: isoMoment(Number(sinceMs)) }),
        grantedBy: grantedByNames[grantedBy] ?? "unknown",
        ...(quorum === undefined ? {} : { quorum }),
        event,
      };
    }),
    ...(delegation === undefined ? {} : { delegation }),
    doubts,
    ...jsonBeyond(answer.beyond),
  };
}

const grantedByNames: Readonly<Partial<Record<GrantedBy, string>>> = {
  [GrantedBy.GRANTED_BY_SHARD]: "shard",
  [GrantedBy.GRANTED_BY_QUORUM]: "quorum",
  [GrantedBy.GRANTED_BY_DELEGATION]: "delegation",
};

function stateOf({ holdings, complete }: AtResponse): "held" | "free" | "unknown" {
  if (holdings.length > 0) return "held";
  return complete ? "free" : "unknown";
}

async function printAt(
  invocation: Invocation,
  { region, namespace, name }: LockId,
  atMs: number,
  answer: AtResponse,
): Promise<void> {
  const { holdings, delegation, complete, doubts } = answer;
  const state = stateOf(answer);
  const isLost = (answer.beyond?.lost.length ?? 0) > 0;
  const why = isLost ? "history of then is missing" : "the record does not reach that far back";
  const told = state === "unknown" ? `unknown: ${why}` : state;
  const fields: (readonly [string, string])[] = [
    ["lock", name],
    ["region", region],
    ["namespace", namespace],
    ["at", `${printMoment(atMs)} UTC`],
    ["state", told],
  ];
  if (delegation !== undefined) {
    const to = `${delegation.region}, token ${delegation.token}, by ${printQuorum(delegation.quorum)}`;
    fields.push(["delegated", to]);
  }
  await invocation.print(renderFields(fields, invocation.paint));
  if (holdings.length > 0) {
    await invocation.print("\n");
    await invocation.printTable(
      [
        { title: "OWNER", flexible: true },
        { title: "MODE" },
        { title: "TOKEN", align: "right" },
        { title: "SINCE (UTC)" },
        { title: "GRANT" },
        { title: "GRANTED BY", flexible: true },
      ],
      holdings.map((holding) => [
        holding.owner === "" ? "(unnamed)" : holding.owner,
        modeOf(holding),
        holding.token.toString(),
        holding.sinceMs === undefined ? "longer" : printMoment(Number(holding.sinceMs)),
        holding.grantId,
        grantedBy(holding),
      ]),
    );
  }
  if (holdings.length > 0 && !complete) {
    const doubt = isLost
      ? "They may have given it up by then, and others may have had it: history of then is missing."
      : "Others may have shared it: the record does not reach that far back.";
    await invocation.note(`${doubt}\n`);
  }
  for (const doubt of doubts) await invocation.note(`${doubt}\n`);
  if (!complete) await noteBeyond(invocation, answer.beyond);
}

function modeOf({ mode }: Holding): "exclusive" | "shared" {
  return mode === Mode.MODE_SHARED ? "shared" : "exclusive";
}

function grantedBy({ grantedBy: who, quorum, region, event }: Holding): string {
  if (who === GrantedBy.GRANTED_BY_QUORUM) return printQuorum(quorum);
  if (who !== GrantedBy.GRANTED_BY_DELEGATION) return `shard ${event?.cluster ?? region}`;
  const by = quorum === undefined ? "" : ` by ${printQuorum(quorum)}`;
  return `${region}, delegated${by}`;
}

function printQuorum(quorum: Quorum | undefined): string {
  return quorum === undefined ? "?" : `${quorum.regions.join("+")} (ballot ${quorum.ballot})`;
}
