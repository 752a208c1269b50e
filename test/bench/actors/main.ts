import type { ActorReply } from "./actor.ts";
import { createActor, type Role } from "./create.ts";

/**
 * Entry of the processes that put load on servers; the parent speaks over the channel of `fork`.
 */
const [role, settings] = process.argv.slice(2) as [Role, string];
const actor = await createActor(role, JSON.parse(settings));

function reply(message: ActorReply): void {
  // The parent may have given up on this request, or be gone before the answer is written.
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}

process.on("message", (request: unknown) => {
  actor.perform(request).then(
    (value) => reply({ kind: "answer", value }),
    (error: unknown) => reply({ kind: "failed", reason: String(error) }),
  );
});
// The parent let go, or died: either way nobody wants this process any more.
process.once("disconnect", () => {
  const late = setTimeout(() => process.exit(1), 10_000);
  void actor.close().finally(() => {
    clearTimeout(late);
    process.exit(0);
  });
});
reply({ kind: "ready" });
