/** The first `limit` of `source`, and whether there are more; reads no further than that. */
export async function takeFirst<Item>(
  source: AsyncIterable<Item>,
  limit: number,
): Promise<{ readonly items: readonly Item[]; readonly more: boolean }> {
  const items: Item[] = [];
  for await (const item of source) {
    if (items.length === limit) return { items, more: true };
    items.push(item);
  }
  return { items, more: false };
}
