/** What is explored of a lock that is delegated to a region, and what may go wrong. */
export interface RegionScope {
  readonly name: string;
  /** In a few words, for people. */
  readonly story: string;
  /** Of the region, 1 or 2. The second one may go on with what it finds. */
  readonly coordinators: number;
  /** How often each client of the region asks with its one request: at any coordinator. */
  readonly clients: readonly number[];
  /** Visits of a client of another region, each asked of the register and ready to wait. */
  readonly visits: number;
  /** Delegations that are asked for. */
  readonly delegations: number;
  /** Counters that are asked for beside the first one of each delegation. */
  readonly renewals: number;
  /** Steps or commands that nobody waits for any more: carried out later, or never. */
  readonly stalls: number;
  /** Coordinators that die and start again with nothing. */
  readonly crashes: number;
  /** The region's shard loses its data and is admitted again under the next generation. */
  readonly wipes: number;
  /** The leases of the region's clients end. */
  readonly leasesEnd: boolean;
  /** Clients of the region give their requests up. */
  readonly mayCancel: boolean;
}

const least: RegionScope = {
  name: "",
  story: "",
  coordinators: 1,
  clients: [1],
  visits: 1,
  delegations: 1,
  renewals: 0,
  stalls: 0,
  crashes: 0,
  wipes: 0,
  leasesEnd: false,
  mayCancel: false,
};

/** Of a lock that is delegated: its register is one, for that is explored by itself. */
export const regionScopes: readonly RegionScope[] = [
  {
    ...least,
    name: "delegated",
    story: "a lock is delegated while another region waits; a step stalls, leases end",
    stalls: 1,
    leasesEnd: true,
  },
  {
    ...least,
    name: "delegated-line",
    story: "two in line in the region, while another region waits",
    clients: [1, 1],
  },
  {
    ...least,
    name: "delegated-renewed",
    story: "the delegation takes another counter, a step stalls",
    renewals: 1,
    stalls: 1,
  },
  {
    ...least,
    name: "delegated-restart",
    story: "the coordinator dies and finds what it was given; a step stalls",
    crashes: 1,
    stalls: 1,
  },
  {
    ...least,
    name: "delegated-adopted",
    story: "two coordinators, one goes on with what the other one opened; a step stalls",
    coordinators: 2,
    visits: 0,
    stalls: 1,
  },
  {
    ...least,
    name: "delegated-given-up",
    story: "a request goes to two coordinators, and is given up",
    coordinators: 2,
    clients: [2],
    visits: 0,
    mayCancel: true,
  },
  {
    ...least,
    name: "delegated-copies",
    story: "a request comes twice, to two delegations one after the other",
    clients: [2],
    visits: 0,
    delegations: 2,
  },
  {
    ...least,
    name: "delegated-twice",
    story: "a region has it twice, another one in between; a step stalls, leases end",
    delegations: 2,
    stalls: 1,
    leasesEnd: true,
  },
  {
    ...least,
    name: "delegated-late",
    story: "two in line in the region, another region waits; a step stalls",
    clients: [1, 1],
    stalls: 1,
  },
  {
    ...least,
    name: "delegated-left",
    story: "two coordinators, two in line, two delegations",
    coordinators: 2,
    clients: [1, 1],
    visits: 0,
    delegations: 2,
  },
  {
    ...least,
    name: "delegated-wiped",
    story: "two coordinators, and the shard loses its data; a step stalls",
    coordinators: 2,
    visits: 0,
    stalls: 1,
    wipes: 1,
  },
  {
    ...least,
    name: "delegated-region",
    story: "two coordinators, two in line, another region waits; a step stalls",
    coordinators: 2,
    clients: [1, 1],
    stalls: 1,
  },
];
