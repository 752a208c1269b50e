import type { AlertGroup } from "./alert.ts";

/** Two regions may tell of a third; one answer for it is left before the label is renamed. */
const unseenByAll =
  "label_replace(max by (exported_region) (holdfast_region_reachable) == 0, " +
  '"region", "$1", "exported_region", "(.+)")';

/** Regions as a whole, and the locks that two of three of them decide. */
export const regionAlerts: AlertGroup = {
  name: "holdfast-region",
  alerts: [
    {
      name: "HoldfastRegionDown",
      severity: "critical",
      tier: "region",
      expr: `sum by (region) (up{component="router"}) == 0 or max by (region) (${unseenByAll})`,
      for: "1m",
      summary: "region {{ $labels.region }} is down",
      description:
        "None of its routers answers, or no coordinator reaches it. Its local locks cannot be " +
        "had; global locks and the other regions go on.",
    },
    {
      name: "HoldfastNothingScraped",
      severity: "critical",
      tier: "region",
      expr: 'absent(up{component="router"}) or absent(up{component="etcd"})',
      for: "5m",
      summary: "Prometheus knows of no {{ $labels.component }} at all",
      description:
        "Discovery finds none, or the scrape configuration gives no label component. Every other " +
        "alert is blind meanwhile.",
    },
    {
      name: "HoldfastQuorumOfTwo",
      severity: "warning",
      tier: "global",
      expr: "min by (region) (holdfast_quorum_regions) == 2",
      for: "1m",
      summary: "{{ $labels.region }} has two regions that vote, and none to spare",
      description:
        "Global locks work. The loss of one more region, or of the link to it, stops them for " +
        "this region.",
    },
    {
      name: "HoldfastQuorumLost",
      severity: "critical",
      tier: "global",
      expr: "max by (region) (holdfast_quorum_regions) < 2",
      for: "30s",
      summary: "global locks cannot be had through {{ $labels.region }}",
      description:
        "Its coordinators reach fewer than two regions that vote. Who holds a global lock through " +
        "this region loses it when its lease ends; nothing is granted twice.",
    },
  ],
};
