/** Characters that tell a grant from the others on the screen. */
const shown = 6;

/** A grant's id for people, who only compare it with others. */
export function shortGrant(grantId: string): string {
  return `${grantId.slice(0, shown)}…`;
}
