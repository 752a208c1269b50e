import { sleep } from "@holdfast/base/clock";
import { failure } from "@holdfast/base/failure";
import { backoffMs } from "./backoff.ts";
import type { ClientCore } from "./client-core.ts";
import type { Directory, HeldEntry, ListPage, ListQuery } from "./directory.ts";
import { errorOf } from "./holdfast-error.ts";
import { type ClientDefaults, consistencyOf, placeOf, type ReadOptions } from "./options.ts";
import { isRepeatable } from "./persist.ts";

/** Which locks to list, and how. */
export interface ListOptions extends ReadOptions {
  /** Entries asked for at once, 1 to 1,000; 100 if left out. */
  readonly pageSize?: number;
}

/** Repeats of one page before its failure is thrown. */
const repeatsMax = 5;

/** The entries of one page after the other; a page is asked for when the one before is used up. */
export async function* listLocks(
  core: ClientCore,
  defaults: ClientDefaults,
  prefix: string,
  options: ListOptions,
): AsyncGenerator<HeldEntry, void, undefined> {
  const { namespace, region } = placeOf(defaults, options);
  const { pageSize = 100 } = options;
  const consistency = consistencyOf(options);
  let pageToken = "";
  do {
    const query = { region, namespace, prefix, pageSize, pageToken, ...consistency };
    const page = await readPage(core, query);
    yield* page.locks;
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
}

/** The directory, if the client was given one. */
export function directoryOf(core: ClientCore): Directory {
  const { directory } = core.ports;
  if (directory !== undefined) return directory;
  throw errorOf(failure("UNIMPLEMENTED", "This client was set up without list and watch."));
}

async function readPage(core: ClientCore, query: ListQuery): Promise<ListPage> {
  const directory = directoryOf(core);
  const { clock, random } = core.ports;
  for (let repeat = 0; ; repeat++) {
    const page = await directory.list(core.link.endpointFor(repeat), query);
    if (page.kind === "page") return page;
    if (!isRepeatable(page) || repeat === repeatsMax || core.closing.cancelled) throw errorOf(page);
    await sleep(clock, backoffMs(random, repeat, page.retryAfterMs), core.closing);
  }
}
