import { describe, expect, it } from 'vitest';
import { Secret } from '../../../src/core/identity.ts';
import type { AuthnOutcome } from '../../../src/core/ports.ts';
import { walkLogin } from '../../../src/flows/walk-chain.ts';
import { authenticated, fakeBackend, REFUSED, UNKNOWN } from '../../support/fake-backend.ts';
import type { FakeBackend } from '../../support/fake-backend.ts';
import { fixedClock } from '../../support/fakes.ts';

const JWT = `${Buffer.from('{"alg":"RS256"}').toString('base64url')}.e30.x`;

async function walk(backends: readonly FakeBackend[], password = 'a-password', username = 'alice') {
  const clock = fixedClock();
  const skipped: string[] = [];
  const left: number[] = [];
  const credential = { username, password: new Secret(password) };
  const result = await walkLogin({ backends: backends.map(({ chained }) => chained), clock }, credential, {
    onSkip: ({ name }, reason) => skipped.push(`${name}: ${reason}`),
    ask: async (authenticator, deadline) => {
      left.push(deadline.left());
      clock.advance(3);
      return { outcome: await authenticator.authenticate(credential, deadline) };
    },
  });
  return { ...result, skipped, left };
}

describe('a walk through the chain', () => {
  it('reports each backend that is not asked, with the reason', async () => {
    const backends = [
      fakeBackend(UNKNOWN, { name: 'ci', accepts: 'tokens' }),
      fakeBackend(UNKNOWN, { name: 'partners', usernames: ['*@partner'] }),
      fakeBackend(UNKNOWN, { name: 'staff' }),
    ];

    expect((await walk(backends)).skipped).toEqual(['ci: accepts-tokens', 'partners: other-usernames']);
    expect((await walk(backends, JWT)).skipped).toEqual(['partners: accepts-passwords', 'staff: accepts-passwords']);
  });

  it('gives all backends together one deadline of 8 s', async () => {
    expect((await walk([fakeBackend(UNKNOWN), fakeBackend(UNKNOWN), fakeBackend(UNKNOWN)])).left).toEqual([
      8000, 5000, 2000,
    ]);
  });

  it.each<[string, AuthnOutcome]>([
    ['a refusal', REFUSED],
    ['a success', authenticated('alice')],
  ])('returns %s with the answer of the backend that gave it', async (_what, outcome) => {
    const result = await walk([fakeBackend(UNKNOWN), fakeBackend(outcome)]);

    expect(result.outcome).toBe(outcome);
    expect(result.asked?.outcome).toBe(outcome);
  });

  it.each([
    ['an empty password', '', 'alice', 'empty-password'],
    ['an empty user name', 'a-password', '', 'invalid-name'],
    ['a misplaced token', 'flr_x', 'alice', 'misplaced-token'],
    ['a token of an unknown issuer', JWT, '', 'unlisted-issuer'],
  ])('refuses %s without an answer of a backend', async (_what, password, username, reason) => {
    const backend = fakeBackend(authenticated('alice'));

    const { outcome, asked } = await walk([backend], password, username);

    expect(outcome).toEqual({ kind: 'rejected', reason });
    expect([asked, backend.seen]).toEqual([undefined, []]);
  });

  it('names the backend that has a defect', async () => {
    await expect(walk([fakeBackend(new TypeError('x is undefined'), { name: 'corp' })])).rejects.toMatchObject({
      code: 'backend_unavailable',
      message: 'backend corp failed',
    });
  });
});
