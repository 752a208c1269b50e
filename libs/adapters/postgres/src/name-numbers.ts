import type pg from "pg";
import { int4Array, textArray } from "./binary-array.ts";

/** More names than there ever are; past it somebody sends nonsense, and memory stays bounded. */
const namesMax = 10_000;

interface NameRow {
  readonly id: number;
  readonly name: string;
}

/** The numbers that stand for names in rows (table `names`). A name keeps its number. */
export class NameNumbers {
  readonly #numbers = new Map<string, number>();
  readonly #names = new Map<number, string>();

  /** Gives a number to every name, in their order to those that have none. */
  async give(
    client: pg.ClientBase,
    names: ReadonlySet<string>,
  ): Promise<ReadonlyMap<string, number>> {
    const unknown = [...names].filter((name) => !this.#numbers.has(name));
    if (unknown.length > 0) {
      await client.query({
        text: `
          insert into holdfast.names (name)
          select name from unnest($1::text[]) with ordinality as given (name, place)
          where not exists (select from holdfast.names known where known.name = given.name)
          order by place
          on conflict do nothing`,
        values: [textArray(unknown)],
      });
    }
    return this.find(client, names);
  }

  /** The numbers of those names that have one. */
  async find(
    client: pg.ClientBase,
    names: ReadonlySet<string>,
  ): Promise<ReadonlyMap<string, number>> {
    const [found, unknown] = known(this.#numbers, names);
    if (unknown.length === 0) return found;
    const { rows } = await client.query<NameRow>({
      text: "select id, name from holdfast.names where name = any ($1::text[])",
      values: [textArray(unknown)],
    });
    this.#learn(rows);
    for (const { id, name } of rows) found.set(name, id);
    return found;
  }

  /** The names of numbers that rows have. */
  async names(
    client: pg.ClientBase,
    numbers: ReadonlySet<number>,
  ): Promise<ReadonlyMap<number, string>> {
    const [found, unknown] = known(this.#names, numbers);
    if (unknown.length === 0) return found;
    const { rows } = await client.query<NameRow>({
      text: "select id, name from holdfast.names where id = any ($1::int[])",
      values: [int4Array(unknown)],
    });
    this.#learn(rows);
    for (const { id, name } of rows) found.set(id, name);
    return found;
  }

  /** Forgets all: what comes next may be of another database, or of a copy restored. */
  forget(): void {
    this.#numbers.clear();
    this.#names.clear();
  }

  #learn(rows: readonly NameRow[]): void {
    if (this.#names.size + rows.length > namesMax) this.forget();
    for (const { id, name } of rows) {
      this.#numbers.set(name, id);
      this.#names.set(id, name);
    }
  }
}

/** What is known of the keys, to be added to, and the keys of which nothing is. */
function known<Key, Value>(
  all: ReadonlyMap<Key, Value>,
  keys: ReadonlySet<Key>,
): [found: Map<Key, Value>, unknown: Key[]] {
  const found = new Map<Key, Value>();
  const unknown: Key[] = [];
  for (const key of keys) {
    const value = all.get(key);
    if (value === undefined) unknown.push(key);
    else found.set(key, value);
  }
  return [found, unknown];
}
