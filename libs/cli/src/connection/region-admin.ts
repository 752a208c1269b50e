import type {
  ListShardsResponse,
  Session,
} from "@holdfast/api/generated/holdfast/v1/admin_service";
import type { Admin } from "@holdfast/client/grpc/admin";
import { CliError } from "../cli-error.ts";
import { exitCodes } from "../exit-codes.ts";
import type { ShardView } from "./client-port.ts";

/** Whom to ask, and for which region. */
interface AdminSource {
  readonly region: string;
  /** The endpoint in use if none is named. */
  admin(endpoint?: string): Admin;
}

/**
 * The administrator's calls of one region. A router speaks for its own region alone, so one of that
 * region has to be found: among the endpoints we were given, else as another region's router knows.
 */
export class RegionAdmin {
  readonly #sdk: AdminSource;
  readonly #endpoints: readonly string[];
  #found: Promise<Admin> | undefined;

  constructor(sdk: AdminSource, endpoints: readonly string[]) {
    this.#sdk = sdk;
    this.#endpoints = endpoints;
  }

  /** A router of the region, as an administrator sees it. */
  find(): Promise<Admin> {
    this.#found ??= this.#search();
    return this.#found;
  }

  /** The sessions of the region, page by page. */
  async *sessions(pageSize: number): AsyncIterable<Session> {
    const admin = await this.find();
    let pageToken = "";
    do {
      const page = await admin.sessions({ pageSize, pageToken });
      yield* page.sessions;
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
  }

  /** The shards, as the CLI shows them. */
  shardsOf({ shards }: ListShardsResponse): ShardView[] {
    return shards.map(({ rttMs, epoch, members, ...shard }) => ({
      ...shard,
      roundTripMs: rttMs,
      epoch: Number(epoch),
      members: members.map(({ databaseBytes, ...member }) => ({
        ...member,
        databaseBytes: Number(databaseBytes),
      })),
    }));
  }

  async #search(): Promise<Admin> {
    const { region } = this.#sdk;
    const current = this.#sdk.admin();
    if ((await current.version()).region === region) return current;
    const given = await Promise.all(this.#endpoints.map((endpoint) => this.#at(endpoint, region)));
    const known = given.find((admin) => admin !== undefined);
    if (known !== undefined) return known;
    const { regions } = await current.regions();
    const elsewhere = regions.find(({ name }) => name === region)?.endpoints ?? [];
    for (const endpoint of elsewhere) {
      const admin = await this.#at(endpoint, region);
      if (admin !== undefined) return admin;
    }
    const names = regions.map(({ name }) => name).join(", ");
    throw new CliError(exitCodes.unavailable, `No router of region ${region} answers.`, {
      code: "SHARD_UNAVAILABLE",
      advice: `The regions known here are ${names}.`,
    });
  }

  /** The router at `endpoint`, if it answers and speaks for `region`. */
  async #at(endpoint: string, region: string): Promise<Admin | undefined> {
    const admin = this.#sdk.admin(endpoint);
    const answer = await admin.version().catch(() => undefined);
    return answer?.region === region ? admin : undefined;
  }
}
