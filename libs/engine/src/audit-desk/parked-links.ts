import type { Failure } from "@holdfast/base/failure";
import type { Link } from "@holdfast/core/audit/chain";
import { parkedLink } from "../parked-link.ts";
import type { Ledger } from "../ports/ledger.ts";
import { parkedRowsMax } from "../ports/ledger-records.ts";
import { ledgerFailure, tooManyOf } from "./ledger-failure.ts";

/** Parked records are for people to look at; with more than this many there is more to be done. */
const pagesMax = 100;

/** The links of a chain that the auditor could not make rows of and parked, by number. */
export async function parkedLinks(
  ledger: Ledger,
  cluster: string,
): Promise<{ readonly kind: "links"; readonly links: ReadonlyMap<bigint, Link> } | Failure> {
  const links = new Map<bigint, Link>();
  let after: string | undefined;
  for (let page = 0; page < pagesMax; page++) {
    const reply = await ledger.parked({ limit: parkedRowsMax, ...(after && { after }) });
    if (reply.kind !== "list") return ledgerFailure(reply);
    for (const parked of reply.items) {
      const link = parkedLink(parked);
      if (link?.cluster === cluster) links.set(link.sequence, link);
    }
    after = reply.next;
    if (after === undefined) return { kind: "links", links };
  }
  return tooManyOf("parked records");
}
