/** Codes that a person has allowed, for a program on the machine of the browser. */
import { describe, expect, it } from 'vitest';
import { isLoopbackRedirect } from '../../../src/core/authorization-code.ts';
import { HELPER_CLIENT } from '../../../src/core/approval.ts';
import { Secret } from '../../../src/core/identity.ts';
import { endableApprovals } from '../../../src/flows/approval.ts';
import { codeSecrets } from '../../../src/platform/code-secrets.ts';
import { codeOf, from, openApprovals, signedIn } from '../../support/approval-world.ts';
import type { AccountWorld } from '../../support/approval-world.ts';

const VERIFIER = new Secret('v'.repeat(43));
const ASKED = {
  service: 'registry.example.com',
  redirectUri: 'http://127.0.0.1:40404/callback',
  challenge: codeSecrets.challengeOf(VERIFIER),
};
const REQUEST = from('192.0.2.1');

async function approved(world: AccountWorld = {}) {
  const flows = openApprovals(world);
  const code = await flows.approve(ASKED, signedIn(), REQUEST);
  const { service, redirectUri } = ASKED;
  return { ...flows, code, redemption: { code, verifier: VERIFIER, clientId: HELPER_CLIENT, redirectUri, service } };
}

describe('an authorization code', () => {
  it('becomes the login of the person who allowed it, through her session', async () => {
    const { redeem, redemption } = await approved();

    expect(await redeem(redemption, REQUEST)).toMatchObject({
      login: 'Alice',
      caller: { kind: 'user', identity: { username: 'alice' }, via: { kind: 'session', id: 'session-1' } },
    });
  });

  it('is good for one of several brokers that get it at the same time', async () => {
    const { redeem, other, redemption } = await approved();

    const codes = await Promise.all([redeem, other.redeem, redeem].map((each) => codeOf(each(redemption, REQUEST))));

    expect(codes.toSorted()).toEqual(['code_refused', 'code_refused', 'none']);
  });

  it('is used up by a wrong verifier, so that whoever intercepts it cannot try twice', async () => {
    const { redeem, redemption, audit } = await approved();

    const wrong = await codeOf(redeem({ ...redemption, verifier: new Secret('w'.repeat(43)) }, REQUEST));
    const right = await codeOf(redeem(redemption, REQUEST));

    expect([wrong, right]).toEqual(['code_refused', 'code_refused']);
    expect(
      audit.events.filter((event) => event.type === 'helper-login').map(({ outcome, cause }) => [outcome, cause]),
    ).toEqual([
      ['approved', undefined],
      ['refused', 'the verifier does not match the challenge'],
      ['refused', 'the code was used before'],
    ]);
  });

  it.each([
    { redirectUri: 'http://127.0.0.1:40405/callback' },
    { clientId: 'docker' },
    { service: 'other.example.com' },
    { verifier: new Secret('') },
    { code: new Secret('not a code') },
  ])('is refused with %j', async (more) => {
    const { redeem, redemption } = await approved();

    expect(await codeOf(redeem({ ...redemption, ...more }, REQUEST))).toBe('code_refused');
  });

  it('ends after a minute', async () => {
    const early = await approved();
    early.clock.advance(59);
    const late = await approved();
    late.clock.advance(60);

    expect(await codeOf(early.redeem(early.redemption, REQUEST))).toBe('none');
    expect(await codeOf(late.redeem(late.redemption, REQUEST))).toBe('code_refused');
  });

  it('is refused when the account was disabled since it was allowed', async () => {
    const world: AccountWorld = {};
    const { redeem, redemption } = await approved(world);
    world.outcome = { kind: 'rejected', reason: 'locked' };

    expect(await codeOf(redeem(redemption, REQUEST))).toBe('code_refused');
  });

  it('ends with everything of its account, and with nothing of another one', async () => {
    const flows = await approved();
    const { codes, requests, audit } = flows;
    const kept = endableApprovals({ codes, requests, audit });

    const ofOther = await kept.endOf({ user: 'bob' }, { request: REQUEST, by: 'operator' });
    const ended = await kept.endOf({ user: 'alice' }, { request: REQUEST, by: 'operator' });

    expect([ofOther, ended]).toEqual([0, 1]);
    expect(await codeOf(flows.redeem(flows.redemption, REQUEST))).toBe('code_refused');
    expect(audit.events).toContainEqual(
      expect.objectContaining({ outcome: 'refused', username: 'alice', cause: 'ended by operator' }),
    );
  });

  it('is not given for an account that nobody could check again', async () => {
    const { approve } = openApprovals({ revalidates: false });

    expect(await codeOf(approve(ASKED, signedIn(), REQUEST))).toBe('helper_refused');
  });
});

describe('a redirect URI', () => {
  it.each(['http://127.0.0.1:1/callback', 'http://[::1]:65535/callback'])(
    '%s is of a program on this machine',
    (uri) => {
      expect(isLoopbackRedirect(uri)).toBe(true);
    },
  );

  it.each([
    'http://localhost:40404/callback',
    'https://127.0.0.1:40404/callback',
    'http://127.0.0.1:40404/callback/',
    'http://127.0.0.1:40404/callback#x',
    'http://127.0.0.1:65536/callback',
    'http://127.0.0.1:040/callback',
    'http://user@127.0.0.1:40404/callback',
    'http://127.0.0.1:40404\\@evil.example.com/callback',
    'http://127.1:40404/callback',
    'http://127.0.0.1:40404/callback\n',
  ])('%j is refused', (uri) => {
    expect(isLoopbackRedirect(uri)).toBe(false);
  });
});
