import { expect, test } from "vitest";
import { tlsAdvice, tlsTrouble } from "./trouble.ts";

test.each([
  ["CERT_HAS_EXPIRED", "its certificate has expired: renew it there"],
  ["SSL alert: tlsv1 alert certificate expired", /our certificate has expired: renew ours$/],
  ["alert bad certificate", /does not accept our certificate: look whether ours has ended/],
  ["unable to verify the first certificate", /not signed by our CA: name the CA that signs there/],
  ["The server does not support SSL connections", /it does not speak TLS: turn TLS on there/],
])("%s is told with what to do about it", (said, advice) => {
  expect(tlsAdvice(new Error(said))).toMatch(advice);
});

test("a certificate for another name is told with the names", () => {
  const error = new Error(
    "Hostname/IP does not match certificate's altnames: Host: a. is not in the cert's altnames: DNS:b",
  );
  const names = "Host: a. is not in the cert's altnames: DNS:b";
  expect(tlsTrouble(error)).toBe(`its certificate is for another name (${names})`);
  expect(tlsAdvice(error)).toContain(`(${names}): connect by a name that it is for`);
});

test.each([undefined, null, new Error("connect ECONNREFUSED"), "certainly not"])(
  "%s is not about TLS",
  (error) => {
    expect([tlsTrouble(error), tlsAdvice(error)]).toEqual([undefined, undefined]);
  },
);
