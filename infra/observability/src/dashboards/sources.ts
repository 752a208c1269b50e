/** Plugins of Grafana that come with it: nothing has to be installed for these dashboards. */
export const prometheusType = "prometheus";
/** The ledger of the auditor. */
export const postgresType = "grafana-postgresql-datasource";

/** As Grafana writes the value of a variable. */
export function valueOf(variable: string): string {
  return `\${${variable}}`;
}

/** Chosen by the reader, at the top of each dashboard. */
export const metricsSource = { type: prometheusType, uid: valueOf("datasource") } as const;
/** Chosen by the reader where names of locks are shown. */
export const ledgerSource = { type: postgresType, uid: valueOf("ledger") } as const;
