import { describe, expect, it } from 'vitest';
import { explainRefusal } from '../../../../src/platform/valkey/refusal.ts';

describe('a refusal of the store', () => {
  it.each([
    [
      'WRONGPASS invalid username-password pair or user is disabled.',
      /^the store refuses the user or the password \(W/,
    ],
    ['NOAUTH Authentication required.', /^the store asks for a user and a password/],
    ["NOPERM this user has no permissions to run the 'eval' command", /^the user of the store .* `fairlead fleet acl`/],
    ["ERR The user executing the script can't access at least one of the keys", /^the user of the store has too few/],
    ['self-signed certificate in certificate chain', /^no authority in tls\.caFile has signed/],
    ['unable to verify the first certificate', /^no authority in tls\.caFile has signed/],
    [
      "Hostname/IP does not match certificate's altnames: IP: 127.0.0.1 is not in the cert's list: ",
      /for another name/,
    ],
    ['connect ETIMEDOUT', /^no connection: .* expects TLS/],
    ['read ECONNRESET', /^no connection: .* expects TLS/],
    ['connect ECONNREFUSED 127.0.0.1:6379', /^nothing listens there: start the store/],
    ['getaddrinfo ENOTFOUND valkey.example.test', /^the name of the store has no address/],
    ["Socket timeout. Expecting data, but didn't receive any in 1000ms.", /^the store does not answer/],
    ["OOM command not allowed when used memory > 'maxmemory'.", /^the store is full/],
  ])('says what to do about %s', (text, meaning) => {
    expect(explainRefusal(text)).toMatch(meaning);
    expect(explainRefusal(text)).toContain(`(${text})`);
  });

  it('is left as it is where the text says enough, and is explained once', () => {
    const refused = explainRefusal('OOM command not allowed');

    expect(explainRefusal('the store is another server')).toBe('the store is another server');
    expect(explainRefusal(refused)).toBe(refused);
  });
});
