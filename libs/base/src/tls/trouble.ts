/** What the codes of Node and the texts of OpenSSL mean; the first that is found in one counts. */
const meanings: readonly (readonly [pattern: RegExp, meaning: string])[] = [
  [
    /alert certificate required|DID_NOT_RETURN_A_CERTIFICATE/i,
    "a certificate has to be shown, and none was",
  ],
  [/alert certificate expired/i, "the other side says that our certificate has expired"],
  [
    /alert (unknown ca|bad certificate|certificate unknown)|CERT_REJECTED/i,
    "the other side does not accept our certificate",
  ],
  [/CERT_HAS_EXPIRED|certificate has expired/i, "its certificate has expired"],
  [/CERT_NOT_YET_VALID|not yet valid/i, "its certificate is not valid yet"],
  [
    /ERR_TLS_CERT_ALTNAME_INVALID|does not match certificate's altnames/i,
    "its certificate is for another name",
  ],
  [
    /UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT|SELF_SIGNED_CERT|CERT_SIGNATURE_FAILURE|unable to verify|unable to get (local )?issuer|self-signed certificate/i,
    "its certificate is not signed by our CA",
  ],
  [
    /INVALID_PURPOSE|(unsupported|unsuitable) certificate purpose/i,
    "its certificate is not meant for this use",
  ],
  [
    /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|wrong version number|packet length too long|HTTP_REQUEST/i,
    "it does not speak TLS",
  ],
  [/HANDSHAKE_TIMEOUT/i, "it did not finish the handshake in time"],
];

/**
 * What is wrong with a TLS handshake, for people, as "its certificate has expired"; undefined where
 * the error is not about TLS. `error`: of a socket, or the code of `authorizationError`.
 */
export function tlsTrouble(error: unknown): string | undefined {
  if (error === undefined || error === null) return undefined;
  const { code, message, reason } = error as {
    code?: unknown;
    message?: unknown;
    reason?: unknown;
  };
  const said = typeof error === "string" ? error : [code, reason, message].join(" ");
  const meaning = meanings.find(([pattern]) => pattern.test(said))?.[1];
  // Which name was expected and which there are is worth a line.
  const names = /Host: .*|IP: .*/.exec(typeof message === "string" ? message : said)?.[0];
  return meaning?.includes("another name") && names !== undefined
    ? `${meaning} (${names})`
    : meaning;
}
