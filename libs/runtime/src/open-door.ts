import { ConfigError } from "./service.ts";

/** The address cannot be listened on; the message is for people. */
interface DoorRefused {
  readonly kind: "refused";
  readonly message: string;
}

/**
 * The door that `opening` is about to open at `listen`. Rejects with a {@link ConfigError} that
 * names the setting the address is from, where it cannot be listened on.
 */
export async function openDoor<Door extends { readonly kind: "serving" }>(
  setting: string,
  listen: string,
  opening: Promise<Door | DoorRefused>,
): Promise<Door> {
  const door = await opening;
  if (door.kind === "serving") return door;
  throw new ConfigError(`${setting} ${listen} cannot be used: ${door.message}`);
}
