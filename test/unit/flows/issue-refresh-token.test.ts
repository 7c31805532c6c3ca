import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { BrokerError } from '../../../src/core/errors.ts';
import { ANONYMOUS } from '../../../src/core/identity.ts';
import type { Caller, Identity, Via } from '../../../src/core/identity.ts';
import { isRefreshToken, parseRefreshToken } from '../../../src/core/refresh-token.ts';
import { alice, DAY, open, REQUEST, SERVICE, user } from '../../support/refresh-token-world.ts';
import type { World } from '../../support/refresh-token-world.ts';

const { refreshTokens: _limits, ...WITHOUT } = SERVICE;

const via = (kind: Via['kind']): Caller => ({ kind: 'user', identity: alice(), via: { kind, id: 'x' } });

describe('a refresh token', () => {
  it('is short, safe in a URL and recognizable by its form', async () => {
    const token = await open().issued();

    expect(token.reveal()).toMatch(/^[A-Za-z0-9._~-]{20,64}$/);
    expect(isRefreshToken(token.reveal())).toBe(true);
    expect(isRefreshToken(`${token.reveal()}x`)).toBe(false);
  });

  it('is stored as a digest, with its owner, client and times', async () => {
    const { issued, store, clock } = open();

    const token = await issued();

    const [entry] = await store.list();
    expect(entry?.value).toEqual({
      service: 'registry.example.com',
      backend: 'corp',
      subject: 'id 1',
      login: 'Alice',
      username: 'alice',
      client: '192.0.2.1',
      clientId: 'docker',
      createdAt: clock.now(),
      usedAt: clock.now(),
      expiresAt: clock.now() + 30 * DAY,
    });
    expect(inspect(entry)).not.toContain(token.reveal().slice(4));
    expect(parseRefreshToken(JSON.parse(JSON.stringify(entry?.value)))).toEqual(entry?.value);
  });

  it('is different for each login', async () => {
    const { issued } = open();

    const tokens = [await issued(), await issued()].map((token) => token.reveal());

    expect(new Set(tokens).size).toBe(2);
  });

  it.each<[string, Caller, World, RegExp | undefined]>([
    ['nobody', ANONYMOUS, {}, undefined],
    ['a login with a CI token', user(alice({ notAfter: 1_700_000_300 })), {}, /with a token that expires/],
    ['a login with a personal token', via('personal-token'), {}, /with a personal token$/],
    ['a login with a refresh token', via('refresh-token'), {}, /with a refresh token$/],
    ['a cached login during an outage', { ...user(alice()), stale: true } as Caller, {}, /is down/],
    [
      'an account that the backend cannot check without its password',
      user(alice()),
      { revalidates: false },
      /without its password/,
    ],
    ['an account of a backend that is not configured', user(alice({ backend: 'gone' })), {}, /without its password/],
    ['an account without an id', user(withoutSubject()), {}, /no id/],
  ])('is never given to %s', async (_what, caller, world, cause) => {
    const { issue, store, audit } = open(world);

    const token = await issue({ context: REQUEST, service: SERVICE, caller, login: 'alice', clientId: '' });

    expect(token).toBeUndefined();
    expect(await store.list()).toEqual([]);
    if (cause === undefined) expect(audit.events).toEqual([]);
    else expect(audit.events).toMatchObject([{ outcome: 'withheld', cause: expect.stringMatching(cause) }]);
  });

  it('is neither issued nor accepted by a service without refresh tokens', async () => {
    const { issue, issued, refused } = open();
    const offered = await issued();

    const login = { context: REQUEST, service: WITHOUT, caller: user(alice()), login: 'alice', clientId: '' };

    expect(await issue(login)).toBeUndefined();
    expect(await refused(offered, WITHOUT)).toMatchObject({ code: 'unsupported_grant' });
  });

  it('is not issued when its record cannot be stored', async () => {
    const { issued, store } = open();
    store.put = async () => {
      throw new BrokerError('backend_unavailable', 'the disk is full');
    };

    await expect(issued()).rejects.toMatchObject({ code: 'backend_unavailable' });
  });

  it('limits the length and the characters of the client id', async () => {
    const { issue, store } = open();

    const clientId = `dock\ner${'x'.repeat(100)}`;
    await issue({ context: REQUEST, service: SERVICE, caller: user(alice()), login: 'alice', clientId });

    expect((await store.list())[0]?.value.clientId).toBe(`dock?er${'x'.repeat(57)}`);
  });
});

function withoutSubject(): Identity {
  const { subject: _subject, ...rest } = alice();
  return rest;
}
