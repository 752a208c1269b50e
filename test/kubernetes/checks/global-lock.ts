import { regions } from "../installation.ts";
import { assertLarger, assertThat, type Check, type Grant } from "../platform.ts";

interface Refusal {
  readonly granted: boolean;
  readonly holders: readonly { readonly owner: string }[];
}

/** One lock over all regions: whoever has it through one is in the way in the two others. */
export const globalLock: Check = {
  name: "a global lock, taken in one region and contended in the others",
  run: async ({ client }) => {
    let last = 0n;
    for (const region of regions) {
      const take = ["acquire", "leader", "--global", "--ttl", "60s"];
      const grant = await client.answer<Grant>(0, region, ...take);
      assertLarger(`leader through ${region}`, last, BigInt(grant.token));
      last = BigInt(grant.token);
      for (const other of regions) {
        const refused = await client.answer<Refusal>(75, other, "try", "leader", "--global");
        assertThat(!refused.granted && refused.holders.length === 1, `${other} knows no holder`);
      }
      await client.answer(0, region, "release", grant.handle);
    }
    return `three tenures, nine refusals, the last token ${last}`;
  },
};
