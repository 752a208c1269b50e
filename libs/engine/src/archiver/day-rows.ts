import {
  type ChainQuery,
  type Ledger,
  type LedgerRow,
  type NotDone,
  pageRowsMax,
} from "../ports/ledger.ts";

/**
 * Reads the rows of a cluster in the order of its chain, a page at a time, until there are no more
 * or `visit` says that it has enough.
 */
export async function eachPage(
  ledger: Pick<Ledger, "chain">,
  query: Omit<ChainQuery, "limit" | "after">,
  visit: (rows: readonly LedgerRow[]) => Promise<"more" | "enough">,
): Promise<NotDone | undefined> {
  let after: { after?: string } = {};
  for (;;) {
    const page = await ledger.chain({ ...query, limit: pageRowsMax, ...after });
    if (page.kind !== "page") return page;
    if ((await visit(page.rows)) === "enough" || page.next === undefined) return undefined;
    after = { after: page.next };
  }
}
