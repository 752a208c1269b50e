import { readConfig as archiver } from "@holdfast/service-archiver/config";
import { readConfig as auditor } from "@holdfast/service-auditor/config";
import { readConfig as coordinator } from "@holdfast/service-coordinator/config";
import { readConfig as journal } from "@holdfast/service-journal/config";
import { readConfig as placement } from "@holdfast/service-placement/config";
import { readConfig as router } from "@holdfast/service-router/config";
import type { Container } from "./rendered.ts";

/** How each service that the chart runs reads its environment; it throws where it cannot. */
export const serviceConfigs: Readonly<Record<string, (from: NodeJS.ProcessEnv) => unknown>> = {
  // It has arguments besides; the chart gives none.
  archiver: (from) => archiver(from, []),
  auditor,
  coordinator,
  journal,
  placement,
  router,
};

/** What stands for the secrets that the chart names and does not know. */
const secrets: Readonly<Record<string, string>> = {
  HOLDFAST_REDIS: "rediss://user:password@redis:6379/0",
  HOLDFAST_POSTGRES: "postgres://user:password@postgres:5432/holdfast?sslmode=verify-full",
};

/** The environment that a container would have. */
export function environmentOf(container: Container): NodeJS.ProcessEnv {
  const env = container.env ?? [];
  return Object.fromEntries(
    env.map(({ name, value }) => [name, value ?? secrets[name] ?? "of a secret"]),
  );
}
