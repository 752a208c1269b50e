import type { AuditEvent, EventKind } from "./event.ts";
import { eventFields, type FieldName, fieldNames } from "./event-fields.ts";

/** The version of the form below. Whatever changes what a line may hold raises it. */
export const eventVersion = 1;

/**
 * The longest line, in bytes of UTF-8 without the line's end: an event carries no metadata, and an
 * owner, an actor and a reason have 256, 256 and 4,096 bytes, of which each may take six here. A
 * usual event has about 350.
 */
export const eventBytesMax = 32 * 1024;

/** What a line is. */
export type DecodedEvent =
  | { readonly kind: "event"; readonly event: AuditEvent }
  /**
   * A newer writer's: well formed, but of a version or with a name that is not known here. It must
   * be parked, never dropped. `version` and `named` say which.
   */
  | { readonly kind: "unknown"; readonly version: number; readonly named: string }
  /** Not what any version writes. */
  | { readonly kind: "damaged"; readonly problem: string };

/**
 * One line of JSON without its end. The hash chain covers these very bytes, so an event has exactly
 * one line: the fields come in one order, absent ones are left out, bigints are text in decimal.
 * It is one line to every reader: U+2028 and U+2029, which some take for line ends, are escaped.
 */
export function encodeEvent(event: AuditEvent): string {
  const line: Record<string, unknown> = { v: eventVersion, kind: event.kind };
  for (const name of fieldNames) {
    const value = (event as unknown as Record<string, unknown>)[name];
    if (value !== undefined) line[name] = eventFields[name].write(value as never);
  }
  return JSON.stringify(line).replace(/[\u2028\u2029]/g, (mark) => {
    return `\\u${mark.charCodeAt(0).toString(16)}`;
  });
}

/** Reads a line back. Whatever it takes for an event is written as that very line again. */
export function decodeEvent(line: string): DecodedEvent {
  if (line.length > eventBytesMax) return damaged("it is longer than any event");
  const parsed = parse(line);
  if (parsed === undefined) return damaged("it is not a JSON object");
  const { v, kind } = parsed;
  if (!Number.isSafeInteger(v)) return damaged("its version is not a number");
  if (typeof kind !== "string") return damaged("it does not say what happened");
  if (v !== eventVersion || !Object.hasOwn(shapes, kind)) {
    return { kind: "unknown", version: Number(v), named: kind };
  }
  const { must, may } = shapes[kind as EventKind];
  const event: Record<string, unknown> = { kind };
  for (const name of fieldNames) {
    const given = parsed[name];
    if (given === undefined) {
      if (must.includes(name)) return damaged(`it has no ${name}`);
      continue;
    }
    const value = eventFields[name].read(given);
    if (value === undefined || !(must.includes(name) || may.includes(name))) {
      return damaged(`its ${name} cannot be`);
    }
    event[name] = value;
  }
  const read = event as unknown as AuditEvent;
  if (encodeEvent(read) !== line) return damaged("it is not written as events are");
  return { kind: "event", event: read };
}

function damaged(problem: string): DecodedEvent {
  return { kind: "damaged", problem };
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const parsed = JSON.parse(line);
    return typeof parsed === "object" && parsed !== null ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** The fields an event of one kind has, and those it may have. */
interface Shape {
  readonly must: readonly FieldName[];
  readonly may: readonly FieldName[];
}

const place = ["cluster", "revision", "index", "atMs", "region", "shard"] as const;
const tenancy = [...place, "lock", "grantId", "mode", "owner", "ttlMs"] as const;
const tenure = [...tenancy, "token"] as const;
const register = ["ballot", "version"] as const;

/** With `found`, what may stand in a shard that is read anew. */
const began: Shape = { must: tenure, may: ["session", "queuedAt", "found"] };
const ended: Shape = { must: [...tenure, "cause"], may: ["session"] };
const registerTenure: Shape = {
  must: [...tenure, "home", ...register],
  may: ["session", "found"],
};
const registerEnded: Shape = {
  must: [...tenure, "home", "cause", ...register],
  may: ["session"],
};

const shapes: Readonly<Record<EventKind, Shape>> = {
  LockAcquired: began,
  LockHandedOver: { must: [...tenure, "from"], may: ["session", "queuedAt"] },
  LockRenewed: { must: tenure, may: ["session"] },
  LockReleased: ended,
  LockExpired: { must: tenure, may: ["session"] },
  LockForceReleased: { must: [...tenure, "actor", "reason"], may: ["session"] },
  DelegatedGranted: { must: tenure, may: [...began.may, "from"] },
  DelegatedReleased: ended,
  DelegatedLost: ended,
  WaiterQueued: { must: tenancy, may: ["session", "found", ...register] },
  WaiterLeft: { must: [...tenancy, "cause"], may: ["session", "queuedAt", ...register] },
  SessionOpened: { must: [...place, "session", "ttlMs"], may: ["found"] },
  SessionEnded: { must: [...place, "session", "ttlMs", "cause"], may: [] },
  GlobalGranted: registerTenure,
  DelegationGiven: registerTenure,
  DelegationRenewed: registerTenure,
  GlobalReleased: registerEnded,
  GlobalTakenOver: registerEnded,
  GlobalForceReleased: registerEnded,
  DelegationEnded: registerEnded,
  GlobalRefused: { must: [...place, "lock", "grantId", "cause", ...register], may: ["found"] },
  GlobalAccepted: { must: [...place, "lock", ...register], may: ["found"] },
  RecordUnreadable: { must: [...place, "record", "change"], may: ["lock", "grantId", "found"] },
  AuditGap: { must: [...place, "missingFrom", "missingTo"], may: [] },
};

/** The names of all events that this version knows. */
export const eventKinds: ReadonlySet<string> = new Set(Object.keys(shapes));
