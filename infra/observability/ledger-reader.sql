-- Who Grafana is in the ledger: may read which locks were waited for, and nothing else, and no query of its may
-- stand in the auditor's way for long. Run once, as the owner of the schema holdfast; then give it a password.
create role holdfast_grafana login;
grant usage on schema holdfast to holdfast_grafana;
grant select (kind_id, at_ms, day, lock_hash, lock_region_id, lock_namespace, lock_name, grant_id)
  on holdfast.events to holdfast_grafana;
grant select on holdfast.names to holdfast_grafana;
alter role holdfast_grafana set statement_timeout = '10s';
alter role holdfast_grafana set default_transaction_read_only = on;
