import { audit } from "./audit.ts";
import { business } from "./business.ts";
import { globalQuorum } from "./global-quorum.ts";
import { infrastructure } from "./infrastructure.ts";
import { overview } from "./overview.ts";
import type { Dashboard } from "./panel.ts";

/** Every dashboard, in the order they are looked at. */
export const dashboards: readonly Dashboard[] = [
  overview,
  infrastructure,
  business,
  globalQuorum,
  audit,
];
