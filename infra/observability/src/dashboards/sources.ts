/** Plugins of Grafana that come with it: nothing has to be installed for these dashboards. */
export const prometheusType = "prometheus";
/** The ledger of the auditor. */
export const postgresType = "grafana-postgresql-datasource";

/** As Grafana writes the value of a variable. */
export function variable(name: string): string {
  return `\${${name}}`;
}

/** Chosen by the reader, at the top of each dashboard. */
export const metricsSource = { type: prometheusType, uid: variable("datasource") } as const;
/** Chosen by the reader where names of locks are shown. */
export const ledgerSource = { type: postgresType, uid: variable("ledger") } as const;
