/** The floor of each package, by folder: a package may import packages of lower floors only. */
const floors: readonly (readonly [folder: RegExp, floor: number, kind: string])[] = [
  [/^libs\/base$/, 1, "base"],
  [/^libs\/core$/, 2, "core"],
  [/^libs\/runtime$/, 2, "runtime"],
  [/^libs\/api$/, 3, "api"],
  [/^libs\/engine$/, 3, "engine"],
  [/^libs\/adapters\/[^/]+$/, 4, "adapter"],
  [/^libs\/client$/, 4, "client"],
  [/^libs\/cli$/, 4, "cli"],
  [/^libs\/simulator$/, 4, "simulator"],
  [/^services\/[^/]+$/, 5, "service"],
  [/^infra\/[^/]+$/, 5, "infra"],
  [/^test$/, 6, "test"],
  // Settings of the tools at the root of the repository, as `vitest.config.ts`.
  [/^$/, 6, "root"],
];

/** Imports on one floor that are allowed, with the reason. */
const sideways: readonly (readonly [from: string, to: string, reason: string])[] = [
  ["cli", "client", "the command line is a user of the SDK"],
  ["infra", "infra", "starting three regions needs the tools, running the tests needs both"],
];

/** Downward imports that are forbidden, with the way out. */
const never: readonly (readonly [from: string, to: string, wayOut: string])[] = [
  [
    "engine",
    "runtime",
    "the runtime brings vendor packages and process matters: pass what is needed from the service",
  ],
  ["core", "runtime", "the core is pure: pass what is needed as a parameter from the service"],
  ["service", "simulator", "only test/ imports the simulator"],
  ["service", "cli", "services wire libs/engine to adapters; share through a lower floor"],
  ["infra", "simulator", "only test/ imports the simulator"],
  ["infra", "service", "start the service as a process of its own"],
];

/** Floor and kind of the package in `folder`; undefined when the plan does not know it. */
export function placeOf(folder: string): { floor: number; kind: string } | undefined {
  const row = floors.find(([pattern]) => pattern.test(folder));
  return row && { floor: row[1], kind: row[2] };
}

/** Why the package in folder `from` may not import the one in folder `to`; undefined if it may. */
export function objection(from: string, to: string): { wrong: string; wayOut: string } | undefined {
  if (from === to) return undefined;
  const lower = placeOf(to);
  const upper = placeOf(from);
  if (upper === undefined || lower === undefined) {
    const unknown = upper === undefined ? from : to;
    return {
      wrong: `${unknown}/ stands on no floor`,
      wayOut: "give its folder a floor in test/tidy/floor-plan.ts",
    };
  }
  const forbidden = never.find(([a, b]) => a === upper.kind && b === lower.kind);
  if (forbidden !== undefined) {
    return { wrong: `${from} imports ${to}`, wayOut: forbidden[2] };
  }
  if (lower.floor < upper.floor) return undefined;
  if (sideways.some(([a, b]) => a === upper.kind && b === lower.kind)) return undefined;
  const floorsText = `floor ${upper.floor} imports floor ${lower.floor}`;
  return {
    wrong: `${from} imports ${to}: ${floorsText}`,
    wayOut: wayOutFor(upper.kind, lower.kind),
  };
}

function wayOutFor(from: string, to: string): string {
  if (to === "simulator")
    return "only test/ imports the simulator: move the code that needs it there";
  if (from === "adapter" && to === "adapter") {
    return "an adapter knows one vendor: let the service wire both through a port of libs/engine";
  }
  if (from === "service" && to === "service") {
    return "services talk over the wire: share code through libs/, or call its API";
  }
  return "declare what you need as an interface here and let the upper floor pass it in";
}
