/** One step of the schema. A step that was released is never changed: what follows is a new one. */
export interface Migration {
  /** 1, 2, 3 and so on. */
  readonly version: number;
  readonly name: string;
  readonly sql: string;
}

/**
 * Cluster, region, shard and kind stand in every row and every index and have a handful of values:
 * as numbers they take a third off a row. The first number is that of the one kind that an index
 * knows.
 */
const names = `
  create table holdfast.names (
    id int generated always as identity primary key,
    name text collate "C" not null unique
  );
  insert into holdfast.names (name) values ('WaiterQueued');
`;

/**
 * Days are attached by open-days.ts. Locks and sessions are looked for by a hash (text-hash.ts).
 * The indexes have all columns of the order in which rows are told: where they had not, a page out
 * of a million rows would sort the million first. The key begins with the revision, lest the
 * planner take it for a way to all rows of a cluster.
 */
const events = `
  create table holdfast.events (
    at_ms bigint not null,
    revision bigint not null,
    sequence bigint not null,
    token bigint,
    lock_hash bigint,
    session_hash bigint,
    day date not null,
    cluster_id int not null,
    idx int not null,
    region_id int not null,
    shard_id int not null,
    kind_id int not null,
    lock_region_id int,
    lock_namespace text collate "C",
    lock_name text collate "C",
    grant_id text collate "C",
    session text collate "C",
    previous_hash bytea not null,
    hash bytea not null,
    line bytea not null,
    primary key (revision, cluster_id, idx, day)
  ) partition by range (day);
  create index events_chain on holdfast.events (cluster_id, sequence, revision, idx);
  create index events_lock on holdfast.events (lock_hash, at_ms, cluster_id, revision, idx)
    where lock_hash is not null;
  create index events_session on holdfast.events (session_hash, at_ms, cluster_id, revision, idx)
    where session_hash is not null;
  create index events_waiters on holdfast.events (at_ms)
    include (lock_region_id, lock_namespace, lock_name, grant_id)
    where kind_id = 1 and lock_hash is not null;
`;

/** What was appended to each open day, and which days were ever dropped. */
const days = `
  create table holdfast.open_days (day date primary key);
  create table holdfast.dropped_days (day date primary key);
  create table holdfast.day_clusters (
    day date not null,
    cluster_id int not null,
    rows bigint not null,
    first_sequence bigint not null,
    last_sequence bigint not null,
    first_at_ms bigint not null,
    last_at_ms bigint not null,
    primary key (day, cluster_id)
  ) with (fillfactor = 50);
`;

const records = `
  create table holdfast.violations (
    id text collate "C" primary key,
    rule text not null,
    lock_region text,
    lock_namespace text,
    lock_name text,
    at_ms bigint not null,
    found_at_ms bigint not null,
    message text not null,
    events jsonb not null
  );
  create index violations_found on holdfast.violations (found_at_ms, id);
  create table holdfast.archived_parts (
    day date not null,
    cluster text collate "C" not null,
    part int not null,
    bucket text not null,
    key text not null,
    bytes bigint not null,
    sha256 bytea not null,
    rows bigint not null,
    first_sequence bigint not null,
    first_hash bytea not null,
    last_sequence bigint not null,
    last_hash bytea not null,
    archived_at_ms bigint not null,
    primary key (day, cluster, part)
  );
`;

/** Records of the event log that are no rows, whole. */
const parked = `
  create table holdfast.parked_records (
    id text collate "C" primary key,
    topic text not null,
    record_partition int not null,
    record_offset bigint not null,
    reason text not null,
    message text not null,
    parked_at_ms bigint not null,
    record_key bytea not null,
    record_value bytea not null,
    record_headers text not null
  );
  create index parked_records_found on holdfast.parked_records (parked_at_ms, id);
`;

/**
 * An index of the few rows that tell of lost history: every question about a time asks for them.
 * The number of their kind is whatever it became in this database, and stands in the index.
 */
const gaps = `
  do $$
  declare
    gap_kind int;
  begin
    insert into holdfast.names (name) values ('AuditGap') on conflict (name) do nothing;
    select id into gap_kind from holdfast.names where name = 'AuditGap';
    execute format(
      'create index events_gaps on holdfast.events (at_ms, cluster_id, revision, idx)
        where kind_id = %s', gap_kind);
  end
  $$;
`;

/**
 * Rows that are there stay as they are. The step is for those who read: a program that does not
 * know how lines are stored (stored-line.ts) is kept away from them.
 */
const tails = `
  comment on column holdfast.events.line is
    'The line of the event without what it begins with and other columns say; whole where it begins with {';
`;

/** All steps, in order. */
export const migrations: readonly Migration[] = [
  {
    version: 1,
    name: "events, days, violations and the archive",
    sql: names + events + days + records,
  },
  { version: 2, name: "parked records", sql: parked },
  { version: 3, name: "lost history", sql: gaps },
  { version: 4, name: "lines without their heads", sql: tails },
];
