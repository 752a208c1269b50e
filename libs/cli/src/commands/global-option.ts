import type { Scope } from "@holdfast/core/command/command";
import { limits } from "@holdfast/core/limits";
import { globalRegion } from "@holdfast/core/lock/lock-id";
import type { Command } from "commander";
import type { ClientPort } from "../connection/client-port.ts";

/** The options of a command that names a lock. */
export interface ScopeOptions {
  readonly global?: boolean;
}

/** `--global`. */
export function addGlobalOption(
  command: Command,
  what = "one lock over all regions: two of three decide",
): Command {
  return command.option("--global", what);
}

/** What a command's names mean. */
export function scopeOf({ global }: ScopeOptions): Scope {
  return global === true ? "global" : "local";
}

/** Bounds of `--ttl`. */
export function ttlBounds(scope: Scope): { readonly min: number; readonly max: number } {
  return scope === "global" ? limits.globalTtlMs : limits.localTtlMs;
}

/** The region of the locks a command names, as JSON has it. */
export function regionOf(scope: Scope, client: Pick<ClientPort, "region">): string {
  return scope === "global" ? globalRegion : client.region;
}

/** The same for people. */
export function placeName(region: string): string {
  return region === globalRegion ? "all regions" : region;
}
