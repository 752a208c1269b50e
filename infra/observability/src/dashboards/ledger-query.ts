import type { Builder, Dataquery } from "@grafana/grafana-foundation-sdk/cog";
import { ledgerSource } from "./sources.ts";

/** A question in SQL, as Grafana's own Postgres source stores it. */
interface LedgerQuery extends Dataquery {
  readonly refId: "A";
  readonly datasource: typeof ledgerSource;
  readonly editorMode: "code";
  readonly rawQuery: true;
  readonly rawSql: string;
  readonly format: "time_series" | "table";
}

/** The SDK knows no queries to Postgres; this is one. */
export class LedgerQueryBuilder implements Builder<Dataquery> {
  readonly #sql: string;
  readonly #format: LedgerQuery["format"];

  constructor(sql: string, format: LedgerQuery["format"]) {
    this.#sql = sql;
    this.#format = format;
  }

  build(): LedgerQuery {
    return {
      refId: "A",
      datasource: ledgerSource,
      editorMode: "code",
      rawQuery: true,
      rawSql: this.#sql,
      format: this.#format,
      _implementsDataqueryVariant: () => {},
    };
  }
}
