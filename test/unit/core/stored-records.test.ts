/** Records that another version has written, or that are damaged, are not read. */
import { describe, expect, it } from 'vitest';
import { parseAuthorizationCode } from '../../../src/core/authorization-code.ts';
import { parseCodeGuesses, parseDeviceRequest } from '../../../src/core/device-request.ts';
import { encodeIdentity } from '../../../src/core/identity-record.ts';
import { parseRefreshToken } from '../../../src/core/refresh-token.ts';
import { parseSession } from '../../../src/core/session.ts';
import { parseSignedInAccount } from '../../../src/core/signed-in-account.ts';
import { identity } from '../../support/fake-backend.ts';

const KNOWN = { backend: 'corp', subject: 'id-1', login: 'alice', username: 'alice' };
const TIMES = { createdAt: 1, usedAt: 2, expiresAt: 3 };
const ACCOUNT = { ...KNOWN, sessionId: 'abc' };

const RECORDS: readonly (readonly [string, (json: unknown) => unknown, Readonly<Record<string, unknown>>])[] = [
  ['a refresh token', parseRefreshToken, { ...KNOWN, ...TIMES, service: 'r', client: '::1', clientId: 'docker' }],
  [
    'a session',
    parseSession,
    { ...KNOWN, ...TIMES, client: '::1', program: 'Firefox', signedInAt: { backend: 'sso' } },
  ],
  [
    'an account that has signed in',
    parseSignedInAccount,
    { backend: 'sso', subject: 'id-1', identity: encodeIdentity(identity('alice')), lastSignIn: 1 },
  ],
  [
    'an authorization code',
    parseAuthorizationCode,
    { state: 'unused', account: ACCOUNT, clientId: 'c', service: 'r', redirectUri: 'u', challenge: 'x', expiresAt: 3 },
  ],
  [
    'a request of a device',
    parseDeviceRequest,
    {
      state: 'pending',
      secretDigest: 'd',
      clientId: 'c',
      service: 'r',
      client: '::1',
      expiresAt: 3,
      interval: 5,
      polledAt: 0,
    },
  ],
  ['the count of wrong codes', parseCodeGuesses, { wrong: 1 }],
];

describe.each(RECORDS)('the record of %s', (_name, parse, record) => {
  it('is read as it was written', () => {
    expect(parse(record)).toEqual(record);
  });

  it.each(Object.keys(record))('is not read without %s, nor with another type of it', (name) => {
    const { [name]: _field, ...rest } = record;

    expect([parse(rest), parse({ ...record, [name]: true })]).toEqual([undefined, undefined]);
  });

  it('is not read where it is no object', () => {
    expect([null, 'text', 1, [], undefined].map(parse)).toEqual(Array(5).fill(undefined));
  });
});

it.each(['expired', 'Pending', ''])(
  'a code or request in the state "%s", which this version does not know, is not read',
  (state) => {
    const states = RECORDS.filter(([, , record]) => 'state' in record);

    expect(states.map(([, parse, record]) => parse({ ...record, state }))).toEqual([undefined, undefined]);
  },
);
