import { type VotingHello, votingProtocol } from "@holdfast/api/codec/voting-message";

/** What a coordinator says of itself to the others. */
export type VotingIdentity = Omit<VotingHello, "protocol">;

/** The first message of either side. */
export function helloOf(identity: VotingIdentity): VotingHello {
  return { protocol: votingProtocol, ...identity };
}

/**
 * Why the coordinator that said `theirs` is not to be spoken with, or undefined. `regions`: those
 * that it may be of. A vote of the wrong region counted as another's is a double grant, and so is
 * one ballot in two coordinators' hands.
 */
export function refusalOf(
  own: VotingIdentity,
  theirs: VotingHello,
  regions: readonly string[],
): string | undefined {
  if (theirs.protocol !== votingProtocol) {
    return (
      `The coordinator of ${theirs.region} speaks version ${theirs.protocol} of the protocol, and ` +
      `that of ${own.region} version ${votingProtocol}: bring both to one release.`
    );
  }
  if (theirs.cluster !== own.cluster) {
    return (
      `A coordinator of ${own.region} in ${own.cluster} met one of ${theirs.region} in ` +
      `${theirs.cluster}, which is another installation: check HOLDFAST_PEERS.`
    );
  }
  if (!regions.includes(theirs.region)) {
    return (
      `A coordinator of ${own.region} met one that says it is of ${theirs.region}, where ` +
      `${regions.join(" or ")} should be: check HOLDFAST_PEERS.`
    );
  }
  if (theirs.proposer === own.proposer && theirs.incarnation === own.incarnation) {
    return (
      `The coordinators of ${own.region} and ${theirs.region} have the same proposer id ` +
      `${own.proposer}, incarnation ${own.incarnation}, and would use the same ballots: restart ` +
      "either, so that it draws another."
    );
  }
  return undefined;
}
