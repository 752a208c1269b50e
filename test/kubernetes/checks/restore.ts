import { readFileSync } from "node:fs";
import { join } from "node:path";
import { regions } from "../installation.ts";
import { blocksUnder } from "../manual.ts";
import { assertLarger, assertThat, type Check, type Grant, settle, tokenOf } from "../platform.ts";

const region = regions[2];
/** Outlives the restore: what was held at the time of the snapshot is held afterwards. */
const longTtl = "30m";

interface LockAnswer {
  readonly state: string;
  readonly holders: readonly { readonly token: string }[];
}

/** A shard is thrown away and begins from its snapshot, by the commands of docs/operations.md. */
export const restoreShard: Check = {
  name: "as operations.md says: restore a shard from its snapshot",
  run: async (platform) => {
    if (!platform.hasObjectStore) return "skipped: there is no S3 server for snapshots";
    const { client, repository, report } = platform;
    const text = readFileSync(join(repository, "docs/operations.md"), "utf8");
    const [take = "", ...steps] = blocksUnder(text, "Restore a shard");
    const kept = await client.answer<Grant>(0, region, "acquire", "long-job", "--ttl", longTtl);
    const said = await platform.paste(text, region, [take]);
    const [object] = /etcd\/[\w-]+\/s0\/\w+\.db/.exec(said) ?? [];
    assertThat(object !== undefined, `the snapshot does not say where it lies: ${said}`);
    report(`snapshot ${object}`);
    const late = await tokenOf(platform, region, "after-the-snapshot");
    const named = steps.map((step) => step.replaceAll(/(OBJECT=)\S+/g, `$1${object}`));
    await platform.paste(text, region, ["export SHARD=s0\n", ...named]);
    await settle(platform);
    const held = await client.answer<LockAnswer>(0, region, "get", "long-job");
    assertThat(
      held.holders[0]?.token === kept.token,
      `long-job was held at the time of the snapshot, and now: ${JSON.stringify(held)}`,
    );
    await client.answer(0, region, "release", kept.handle);
    const again = await tokenOf(platform, region, "after-the-snapshot");
    assertLarger("a lock of after the snapshot", late, again);
    return `a lock held at the time of the snapshot is held; tokens went from ${late} to ${again}`;
  },
};
