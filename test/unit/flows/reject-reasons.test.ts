/** What each reason to refuse a login does: in the cache, to cached logins, to the count, and to the client. */
import { describe, expect, it } from 'vitest';
import { BrokerError } from '../../../src/core/errors.ts';
import { Secret } from '../../../src/core/identity.ts';
import type { Authenticator, AuthnOutcome, RejectReason } from '../../../src/core/ports.ts';
import { createIdentify } from '../../../src/flows/identify.ts';
import { authenticated, UNKNOWN } from '../../support/fake-backend.ts';
import { fixedClock, noWaiting, recordingAudit } from '../../support/fakes.ts';
import { logInThrough, testShield, word } from '../../support/shielded.ts';

interface Expected {
  /** Whether the next equal login is answered from the cache. */
  readonly cached: boolean;
  /** Whether the cached successful login of the account ends. */
  readonly endsLogins: boolean;
  /** Whether it counts as a wrong password of the account. Every refusal counts for the name. */
  readonly counted: boolean;
  readonly code: string;
}

const CREDENTIALS = 'invalid_credentials';
const uncached = { cached: false, endsLogins: false, counted: false, code: CREDENTIALS } as const;
const cached = { ...uncached, cached: true } as const;
const ending = { ...cached, endsLogins: true } as const;

/** Every reason stands here: the compiler reports one that is missing. */
const EXPECTED: Readonly<Record<RejectReason, Expected>> = {
  'wrong-password': { ...cached, counted: true },
  'empty-password': { ...uncached, code: 'empty_password' },
  'invalid-name': uncached,
  ambiguous: uncached,
  locked: ending,
  disabled: ending,
  expired: ending,
  'password-expired': ending,
  'must-change-password': ending,
  'not-now': cached,
  'not-allowed': cached,
  'mfa-required': { ...cached, code: 'second_factor_required' },
  'sign-in-due': uncached,
  held: uncached,
  'too-many-attempts': uncached,
  'misplaced-token': { ...uncached, code: 'misplaced_token' },
  'malformed-token': cached,
  'unsigned-token': cached,
  'unlisted-issuer': cached,
  'algorithm-not-allowed': cached,
  'unknown-key': cached,
  'bad-signature': cached,
  'wrong-audience': cached,
  'token-expired': cached,
  'token-not-yet-valid': cached,
  'token-lifetime-too-long': cached,
  'claim-not-bound': cached,
  'unusable-claims': cached,
};

/** A backend that answers the password "right" with success, and any other with the given outcome. */
function setUp(outcome: AuthnOutcome, accepts: 'passwords' | 'tokens' = 'passwords') {
  const clock = fixedClock();
  const seen: string[] = [];
  const authenticator: Authenticator = {
    name: 'corp',
    type: 'fake',
    accepts,
    authenticate: async ({ password }) => {
      seen.push(password.reveal());
      return password.matches((text) => text === 'right') ? authenticated('alice', 'corp') : outcome;
    },
    probe: async () => ({ state: 'up' }),
    [Symbol.asyncDispose]: async () => undefined,
  };
  const shield = testShield({ settings: { maxWrongPerAccount: 1 }, clock, timer: noWaiting });
  const audit = recordingAudit();
  const identify = createIdentify({
    backends: [{ authenticator, usernames: undefined }],
    clock,
    timer: noWaiting,
    audit,
    shield,
  });
  const logIn = (password: string, client = '192.0.2.1') =>
    logInThrough(shield, authenticator, { password, client }, clock);
  const refusal = (password: string): Promise<unknown> =>
    identify({ username: 'alice', password: new Secret(password) }, { requestId: 'id-1', client: '192.0.2.1' }).catch(
      (error: unknown) => error,
    );
  return { logIn, refusal, audit, seen };
}

const reasons = Object.entries(EXPECTED) as readonly (readonly [RejectReason, Expected])[];

describe('a refusal', () => {
  it.each(reasons)('for %s is cached or not, as the table says', async (reason, expected) => {
    const { logIn, seen } = setUp({ kind: 'rejected', reason });

    await logIn('a');
    await logIn('a');

    expect(seen).toEqual(expected.cached ? ['a'] : ['a', 'a']);
  });

  it.each(reasons)(
    'for %s ends the cached login of the account or not, as the table says',
    async (reason, expected) => {
      const { logIn } = setUp({ kind: 'rejected', reason });
      await logIn('right');
      const before = await logIn('right');

      await logIn('a', '198.51.100.1');
      const after = await logIn('right');

      expect([before.source, after.source]).toEqual(['memory', expected.endsLogins ? 'backend' : 'memory']);
    },
  );

  it.each(reasons)('for %s counts for the account or not, as the table says', async (reason, expected) => {
    const { logIn, seen } = setUp({ kind: 'rejected', reason });
    await logIn('a');

    const next = await logIn('b', '198.51.100.1');

    expect(seen).toEqual(expected.counted ? ['a'] : ['a', 'b']);
    expect(word(next)).toBe(expected.counted ? 'too-many-attempts (account)' : reason);
  });

  it.each(reasons)('for %s counts for the name, whatever the reason', async (reason) => {
    const { logIn, seen } = setUp({ kind: 'rejected', reason });
    await logIn('a');

    const next = await logIn('b');

    expect(seen).toEqual(['a']);
    expect(word(next)).toBe('too-many-attempts (name)');
  });

  it.each(reasons)(
    'for %s has the error of the table, and the audit event has the reason',
    async (reason, { code }) => {
      const { refusal, audit } = setUp({ kind: 'rejected', reason, detail: 'a detail' });

      const error = await refusal('a');

      expect(error).toBeInstanceOf(BrokerError);
      expect(error).toMatchObject({ code, message: expect.stringContaining(reason) });
      expect(audit.events).toMatchObject([{ type: 'login', outcome: 'rejected', reason, source: 'backend' }]);
    },
  );

  it.each(reasons)('of a token for %s is an error about a token', async (reason, { code }) => {
    const { refusal } = setUp({ kind: 'rejected', reason }, 'tokens');
    const jwt = `${Buffer.from('{"alg":"RS256"}').toString('base64url')}.e30.x`;

    expect(await refusal(jwt)).toMatchObject({ code: code === CREDENTIALS ? 'token_refused' : code });
  });

  it('of an unknown user has the same error as a wrong password', async () => {
    expect(await setUp(UNKNOWN).refusal('a')).toMatchObject({ code: CREDENTIALS });
  });
});
