import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Region, regions } from "../installation.ts";
import { assertUnnoticed, told, underLoad } from "../load.ts";
import { blocksUnder } from "../manual.ts";
import { assertThat, type Check, type Platform, settle } from "../platform.ts";

/** The commands of docs/operations.md under a heading, pasted while clients are at work. */
function pasted(heading: string, region: Region, sought: RegExp): Check {
  return {
    name: `as operations.md says: ${heading.toLowerCase()}`,
    run: async (platform) => {
      const text = manualOf(platform);
      const blocks = blocksUnder(text, heading);
      assertThat(blocks.length > 0, `operations.md has no commands under "${heading}"`);
      const figures = await underLoad(platform, async () => {
        const said = await platform.paste(text, region, blocks);
        assertThat(sought.test(said), `the commands did not say ${sought}: ${said}`);
      });
      await settle(platform);
      assertUnnoticed(figures);
      return told(figures);
    },
  };
}

/** A member's volume is lost, and it joins again without having forgotten a promise. */
export const replaceMember = pasted("Replace a member of a shard", regions[1], /condition met/);

/** The quota is raised, alarms are ended, and the space is given back. */
export const moreSpace = pasted("A shard is out of space", regions[2], /Finished defragmenting/);

function manualOf({ repository }: Platform): string {
  return readFileSync(join(repository, "docs/operations.md"), "utf8");
}
