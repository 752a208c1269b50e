import type {
  AcquireCommand,
  CancelCommand,
  Command,
  ForceReleaseCommand,
  HeartbeatCommand,
  OpenSessionCommand,
  ReleaseCommand,
  RenewCommand,
} from "@holdfast/core/command/command";
import type { WireWriter } from "../wire/wire-writer.ts";
import { writeLease, writeLock, writeMetadata } from "./shared-encode.ts";
import { consistencyNumber, modeNumber, scopeNumber } from "./vocabulary.ts";

/** The field that carries each kind: of `Command` its request, of `Result` its response. */
export const commandFields = {
  acquire: 2,
  release: 3,
  renew: 4,
  cancel: 5,
  get: 6,
  "force-release": 7,
  "open-session": 8,
  heartbeat: 9,
  "close-session": 10,
} as const satisfies Record<Command["kind"], number>;

const kindsByTag: (Command["kind"] | undefined)[] = [];
for (const [kind, field] of Object.entries(commandFields)) {
  kindsByTag[field * 8 + 2] = kind as Command["kind"];
}

/** The kind whose request, or response, stands behind this tag in a `Command`, or a `Result`. */
export function commandKindOf(tag: number): Command["kind"] | undefined {
  return tag < kindsByTag.length ? kindsByTag[tag] : undefined;
}

/** Writes the fields of the request message that stands for `command`. */
export function writeRequest(writer: WireWriter, command: Command): void {
  switch (command.kind) {
    case "acquire":
      writeAcquire(writer, command);
      return;
    case "release":
      writeRelease(writer, command);
      return;
    case "renew":
      writeRenew(writer, command);
      return;
    case "cancel":
      writeCancel(writer, command);
      return;
    case "get":
      writeLock(writer, 1, command.lock);
      if (command.consistency !== undefined) {
        writer.number(2, consistencyNumber(command.consistency));
      }
      return;
    case "force-release":
      writeForceRelease(writer, command);
      return;
    case "open-session":
      writeOpen(writer, command);
      return;
    case "heartbeat":
      writeKeepAlive(writer, command);
      return;
    case "close-session":
      writer.text(1, command.session);
      for (const lease of command.leases) writeLease(writer, 2, lease);
      return;
  }
}

function writeAcquire(writer: WireWriter, command: AcquireCommand): void {
  writeLock(writer, 1, command.lock);
  writer.number(2, scopeNumber(command.scope));
  writer.number(3, modeNumber(command.mode));
  writer.text(4, command.requestId);
  if (command.session !== undefined) writer.text(5, command.session);
  if (command.ttlMs !== undefined) writer.number(6, command.ttlMs);
  if (command.waitMs !== 0) writer.number(7, command.waitMs);
  if (command.owner !== "") writer.text(8, command.owner);
  writeMetadata(writer, 9, command.metadata);
  if (command.traceparent !== undefined) writer.text(10, command.traceparent);
  if (command.resent === true) writer.number(11, 1);
}

function writeRelease(writer: WireWriter, command: ReleaseCommand): void {
  writeLock(writer, 1, command.lock);
  writer.text(2, command.grantId);
  writer.uint64(3, command.token);
  if (command.mode !== undefined) writer.number(4, modeNumber(command.mode));
  if (command.session !== undefined) writer.text(5, command.session);
  if (command.repeated) writer.number(6, 1);
  if (command.ttlMs !== undefined) writer.number(7, command.ttlMs);
}

function writeRenew(writer: WireWriter, command: RenewCommand): void {
  writeLock(writer, 1, command.lock);
  writer.text(2, command.grantId);
  writer.uint64(3, command.token);
  if (command.ttlMs !== undefined) writer.number(4, command.ttlMs);
}

function writeCancel(writer: WireWriter, command: CancelCommand): void {
  writeLock(writer, 1, command.lock);
  writer.text(2, command.grantId);
  if (command.session !== undefined) writer.text(3, command.session);
  if (command.ttlMs !== undefined) writer.number(4, command.ttlMs);
}

function writeForceRelease(writer: WireWriter, command: ForceReleaseCommand): void {
  writeLock(writer, 1, command.lock);
  writer.text(2, command.requestId);
  writer.text(3, command.actor);
  writer.text(4, command.reason);
  if (command.grantId !== undefined) writer.text(5, command.grantId);
}

function writeOpen(writer: WireWriter, command: OpenSessionCommand): void {
  writer.text(1, command.region);
  writer.number(2, command.ttlMs);
  writer.text(3, command.requestId);
  if (command.session !== undefined) writer.text(4, command.session);
}

function writeKeepAlive(writer: WireWriter, command: HeartbeatCommand): void {
  writer.text(1, command.session);
  writer.number(2, command.ttlMs);
  for (const lease of command.leases) writeLease(writer, 3, lease);
  if (command.list) writer.number(4, 1);
}
