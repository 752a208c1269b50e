import { digest132 } from "@holdfast/base/digest";

/**
 * What events call a session, 22 characters of base64url. Its id is a secret that whoever has it
 * can release and renew with, and events are kept for years; from 128 random bits the digest does
 * not lead back, and whoever knows the id can still find all that the session did.
 */
export function sessionReference(session: string): string {
  return digest132(`session in the audit\0${session}`);
}
