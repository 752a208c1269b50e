import { connectPostgresLedger } from "@holdfast/adapter-postgres/connect-ledger";
import { MemoryLedger } from "@holdfast/engine/memory/memory-ledger";
import type { Ledger } from "@holdfast/engine/ports/ledger";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { execute, postgresMissing, startPostgres } from "./postgres-under-test.ts";

/** A ledger the contract is held against. */
export interface LedgerUnderTest extends AsyncDisposable {
  readonly ledger: Ledger;
  /** Uses up the ledger's space, or frees it. */
  useUpSpace(used: boolean): Promise<void>;
}

/** Makes one empty ledger after another. */
export interface LedgerMaker extends AsyncDisposable {
  make(): Promise<LedgerUnderTest>;
}

/** An implementation of the port. */
interface LedgerKind {
  readonly name: string;
  /** Why it cannot be tested here. */
  readonly missing: string | undefined;
  readonly start: () => Promise<LedgerMaker>;
}

/** Every implementation of the port, by name. */
export const ledgers: readonly LedgerKind[] = [
  { name: "the memory ledger", missing: undefined, start: startMemory },
  { name: "Postgres", missing: postgresMissing, start: startReal },
];

/** Gives each test of the block that calls it an empty ledger, and skips it where there is none. */
export function giveEachTest(
  { missing, start }: LedgerKind,
  onMade: (made: LedgerUnderTest) => void,
): void {
  let maker: LedgerMaker | undefined;
  let held: LedgerUnderTest | undefined;
  beforeAll(async () => {
    if (missing === undefined) maker = await start();
  });
  beforeEach(async (context) => {
    if (maker === undefined) return context.skip(missing);
    await held?.[Symbol.asyncDispose]();
    held = await maker.make();
    onMade(held);
  });
  afterAll(async () => {
    await held?.[Symbol.asyncDispose]();
    await maker?.[Symbol.asyncDispose]();
  });
}

async function startMemory(): Promise<LedgerMaker> {
  return {
    make: async () => {
      const ledger = new MemoryLedger();
      return {
        ledger,
        useUpSpace: async (used) => {
          ledger.noSpace = used;
        },
        [Symbol.asyncDispose]: async () => {},
      };
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

async function startReal(): Promise<LedgerMaker> {
  const server = await startPostgres();
  return {
    make: async () => {
      const url = await server.newDatabase();
      const connected = await connectPostgresLedger({ url, migrates: true });
      if (connected.kind !== "connected") throw new Error(connected.message);
      const { ledger } = connected;
      return {
        ledger,
        useUpSpace: async (used) => {
          await execute(url, used ? diskIsFull : diskHasSpace);
        },
        [Symbol.asyncDispose]: () => ledger.close(),
      };
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** What the server answers when it cannot make a file longer, without filling anybody's disk. */
export const diskIsFull = `
  create function holdfast.disk_is_full() returns trigger language plpgsql as $$
  begin
    raise exception 'could not extend file: No space left on device' using errcode = 'disk_full';
  end $$;
  create trigger disk_is_full before insert on holdfast.events
  for each row execute function holdfast.disk_is_full();`;
/** Ends that. */
export const diskHasSpace = "drop function holdfast.disk_is_full() cascade;";
