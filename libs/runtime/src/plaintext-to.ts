/** Whom a service would speak plain text to over the network, and the setting that names it. */
export interface PlaintextTo {
  readonly setting: string;
  readonly address: string;
  /** What makes it TLS. */
  readonly remedy: string;
}

/** `sslmode` of a URL of Postgres with which nothing is ever sent in plain text. */
const securedModes = new Set(["require", "verify-ca", "verify-full", "no-verify"]);

/**
 * The first address in the environment of a service that it would speak plain text to, and that is
 * not this machine. `hasCertificates`: it speaks TLS to others of its kind. What cannot be read is
 * left to whoever reads the setting itself. Names no passwords.
 */
export function plaintextTo(
  from: NodeJS.ProcessEnv,
  hasCertificates: boolean,
): PlaintextTo | undefined {
  const found = [
    ...urlsIn(from, "HOLDFAST_SHARDS", "http", "https"),
    ...urlsIn(from, "HOLDFAST_REDIS", "redis", "rediss"),
    ...urlsIn(from, "HOLDFAST_S3_ENDPOINT", "http", "https"),
    ...urlsIn(from, "HOLDFAST_TRACES_ENDPOINT", "http", "https"),
    ...postgresIn(from),
  ];
  if (from.HOLDFAST_KAFKA_TLS !== "on") {
    found.push(...addressesIn(from, "HOLDFAST_KAFKA", "set HOLDFAST_KAFKA_TLS=on"));
  }
  if (!hasCertificates) {
    const remedy = "set HOLDFAST_TLS_CERT, HOLDFAST_TLS_KEY and HOLDFAST_TLS_CA";
    found.push(...addressesIn(from, "HOLDFAST_PEERS", remedy));
    found.push(...addressesIn(from, "HOLDFAST_COORDINATORS", remedy));
  }
  return found.find(({ address }) => !isOnThisMachine(address));
}

/** `host:port`, or a host alone, of this machine's loopback. */
export function isOnThisMachine(address: string): boolean {
  return /^(127(\.\d{1,3}){3}|localhost|\[::1\])(:\d+)?$/.test(address);
}

/** What stands behind `plain://` in a setting, without any user and path. */
function urlsIn(
  from: NodeJS.ProcessEnv,
  setting: string,
  plain: string,
  secured: string,
): PlaintextTo[] {
  const remedy = `begin it with ${secured}://`;
  const urls = (from[setting] ?? "").matchAll(new RegExp(`\\b${plain}://([^\\s,;/]+)`, "g"));
  return [...urls].map(([, place = ""]) => {
    return { setting, address: place.slice(place.lastIndexOf("@") + 1), remedy };
  });
}

function postgresIn(from: NodeJS.ProcessEnv): PlaintextTo[] {
  const setting = "HOLDFAST_POSTGRES";
  const url = URL.parse(from[setting] ?? "");
  if (url === null || securedModes.has(url.searchParams.get("sslmode") ?? "")) return [];
  const address = url.searchParams.get("host") ?? url.host;
  // A socket in the file system.
  if (address === "" || address.startsWith("/")) return [];
  return [{ setting, address, remedy: "add ?sslmode=verify-full to it" }];
}

/** Each `host:port` of a list, with or without `region=` before it. */
function addressesIn(from: NodeJS.ProcessEnv, setting: string, remedy: string): PlaintextTo[] {
  const listed = (from[setting] ?? "").split(/[,;]/).map((each) => each.replace(/^.*=/, "").trim());
  return listed
    .filter((address) => address !== "")
    .map((address) => ({ setting, address, remedy }));
}
