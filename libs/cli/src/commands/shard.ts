import type { Command } from "commander";
import type { ShardView } from "../connection/client-port.ts";
import { exitCodes } from "../exit-codes.ts";
import { checkedName } from "../input/lock-name.ts";
import type { Invocation } from "../invocation.ts";
import { examplesHelp } from "../output/help-text.ts";
import { renderFields } from "../output/table.ts";
import type { Wrap } from "../wrap.ts";
import { printHead } from "./audit/chain-head.ts";

const slotCount = 4096;

/** `holdfast shard ls` and `holdfast shard locate NAME`. */
export function addShard(program: Command, wrap: Wrap): void {
  const shard = program
    .command("shard")
    .helpCommand(false)
    .summary("show the shards, or where a lock lies")
    .description("Shows how a region's locks are laid over its shards.")
    .addHelpText("after", examplesHelp(["holdfast shard ls", "holdfast shard locate order:12345"]));
  shard
    .command("ls")
    .summary("list the shards of a region")
    .description("Lists the shards of the region, and how their stores fare right now.")
    .addHelpText(
      "after",
      examplesHelp(["holdfast shard ls", "holdfast shard ls --region eu-west-1 -o json"]),
    )
    .action(
      wrap(async (invocation) => {
        const client = await invocation.connect();
        const shards = await client.shards();
        if (invocation.format === "json") {
          const printed = shards.map(({ written, ...shard }) => ({
            ...shard,
            ...(written && { written: printHead(written) }),
          }));
          await invocation.printJson({ region: client.region, shards: printed });
        } else {
          await printShards(invocation, shards);
        }
        return exitCodes.done;
      }),
    );
  shard
    .command("locate")
    .argument("<name>", "the lock; it need not exist")
    .summary("show where a lock lies")
    .description("Shows the slot and the shard of a name.")
    .addHelpText("after", examplesHelp(["holdfast shard locate order:12345 --region us-west-2"]))
    .action(wrap((invocation, [word = ""]) => locate(invocation, checkedName(word))));
}

async function printShards(invocation: Invocation, shards: readonly ShardView[]): Promise<void> {
  await invocation.printTable(
    [
      { title: "SHARD" },
      { title: "STATE" },
      { title: "ROUND TRIP", align: "right" },
      { title: "EPOCH", align: "right" },
      { title: "SLOTS", align: "right" },
      { title: "SHARE", align: "right" },
      { title: "MEMBERS", align: "right" },
      { title: "STORE", flexible: true },
    ],
    shards.map((shard) => {
      const up = shard.members.filter((member) => member.reachable).length;
      return [
        shard.name,
        shard.reachable ? "ok" : "unreachable",
        shard.reachable ? `${shard.roundTripMs.toFixed(1)}ms` : "-",
        shard.epoch.toString(),
        shard.slotCount.toString(),
        `${((shard.slotCount / slotCount) * 100).toFixed(1)}%`,
        shard.members.length === 0 ? "-" : `${up}/${shard.members.length}`,
        shard.endpoints.join(","),
      ];
    }),
  );
  const problems = shards.flatMap(({ name, problem, members }) => [
    ...(problem === "" ? [] : [`${name}: ${problem}`]),
    ...members.flatMap((member) =>
      member.problem === "" ? [] : [`${name}, ${member.endpoint}: ${member.problem}`],
    ),
  ]);
  if (problems.length > 0) await invocation.note(`\n${problems.join("\n")}\n`);
}

async function locate(invocation: Invocation, name: string): Promise<number> {
  const client = await invocation.connect();
  const { region, slot, shard, placementVersion } = await client.locate(name);
  const { namespace } = invocation;
  if (invocation.format === "json") {
    await invocation.printJson({ region, namespace, lock: name, slot, shard, placementVersion });
    return exitCodes.done;
  }
  await invocation.print(
    renderFields(
      [
        ["lock", name],
        ["namespace", namespace],
        ["region", region],
        ["slot", `${slot} of ${slotCount}`],
        ["shard", shard],
        ["placement", `version ${placementVersion}`],
      ],
      invocation.paint,
    ),
  );
  return exitCodes.done;
}
