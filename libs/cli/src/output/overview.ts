import type { Edge } from "../edge.ts";
import { paintFor } from "./paint.ts";

/** What `holdfast` alone prints: what it is for and what to type next. */
export function overview(edge: Edge): string {
  const bold = (text: string) => paintFor(edge.stdout, edge.env)("bold", text);
  return `${bold("holdfast")} ${edge.version}: locks in several regions, with fencing tokens.

${bold("Try it")} (npm start gives you three regions to try it on)
  holdfast exec nightly-report -- ./report.sh    run a command under a lock
  holdfast acquire order:12345 --ttl 30s         take a lock and keep its handle
  holdfast get order:12345                       who holds it, who waits
  holdfast renew HANDLE --ttl 30s                keep it longer
  holdfast release HANDLE                        give it up
  holdfast watch 'order:*'                       see what happens to locks

${bold("Look around")}
  holdfast ls            holdfast region ls        holdfast shard ls
  holdfast sessions      holdfast doctor           holdfast bench
  holdfast audit at order:12345 2h                 who held it two hours ago

holdfast --help lists every command and the exit codes;
holdfast COMMAND --help explains one.
`;
}
