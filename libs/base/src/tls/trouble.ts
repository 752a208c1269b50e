interface Meaning {
  readonly pattern: RegExp;
  readonly meaning: string;
  /** For who connects. */
  readonly remedy: string;
}

/** What the codes of Node and the texts of OpenSSL mean; the first that is found in one counts. */
const meanings: readonly Meaning[] = [
  {
    pattern: /alert certificate required|DID_NOT_RETURN_A_CERTIFICATE/i,
    meaning: "a certificate has to be shown, and none was",
    remedy: "name ours in the settings",
  },
  {
    pattern: /alert certificate expired/i,
    meaning: "the other side says that our certificate has expired",
    remedy: "renew ours",
  },
  {
    pattern: /alert (unknown ca|bad certificate|certificate unknown)|CERT_REJECTED/i,
    meaning: "the other side does not accept our certificate",
    remedy: "look whether ours has ended, and have it signed by a CA that is believed there",
  },
  {
    pattern: /CERT_HAS_EXPIRED|certificate has expired/i,
    meaning: "its certificate has expired",
    remedy: "renew it there",
  },
  {
    pattern: /CERT_NOT_YET_VALID|not yet valid/i,
    meaning: "its certificate is not valid yet",
    remedy: "compare the clocks",
  },
  {
    pattern: /ERR_TLS_CERT_ALTNAME_INVALID|does not match certificate's altnames/i,
    meaning: "its certificate is for another name",
    remedy: "connect by a name that it is for, or renew it there with this one",
  },
  {
    pattern:
      /UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT|SELF_SIGNED_CERT|CERT_SIGNATURE_FAILURE|unable to verify|unable to get (local )?issuer|self-signed certificate/i,
    meaning: "its certificate is not signed by our CA",
    remedy: "name the CA that signs there in the settings, unless somebody else answers there",
  },
  {
    pattern: /INVALID_PURPOSE|(unsupported|unsuitable) certificate purpose/i,
    meaning: "its certificate is not meant for this use",
    remedy: "renew it there as one for servers",
  },
  {
    pattern:
      /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|wrong version number|packet length too long|HTTP_REQUEST|does not support SSL connections/i,
    meaning: "it does not speak TLS",
    remedy: "turn TLS on there, or connect to the port that has it",
  },
  {
    pattern: /HANDSHAKE_TIMEOUT/i,
    meaning: "it did not finish the handshake in time",
    remedy: "look whether it is overloaded, or speaks another protocol",
  },
];

/**
 * What is wrong with a TLS handshake, for people, as "its certificate has expired"; undefined where
 * the error is not about TLS. `error`: of a socket, or the code of `authorizationError`.
 */
export function tlsTrouble(error: unknown): string | undefined {
  return troubleOf(error)?.message;
}

/**
 * {@link tlsTrouble} and what to do about it, for who connected to a server: "its certificate has
 * expired: renew it there".
 */
export function tlsAdvice(error: unknown): string | undefined {
  const trouble = troubleOf(error);
  return trouble && `${trouble.message}: ${trouble.remedy}`;
}

function troubleOf(error: unknown) {
  if (error === undefined || error === null) return undefined;
  const { code, message, reason } = error as {
    code?: unknown;
    message?: unknown;
    reason?: unknown;
  };
  const said = typeof error === "string" ? error : [code, reason, message].join(" ");
  const found = meanings.find(({ pattern }) => pattern.test(said));
  if (found === undefined) return undefined;
  // Which name was expected and which there are is worth a line.
  const names = /Host: .*|IP: .*/.exec(typeof message === "string" ? message : said)?.[0];
  const { meaning, remedy } = found;
  return meaning.includes("another name") && names !== undefined
    ? { message: `${meaning} (${names})`, remedy }
    : { message: meaning, remedy };
}
