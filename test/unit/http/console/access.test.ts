/** The page about access over HTTP: which requests were denied, and why. */
import { describe, expect, it } from 'vitest';
import type { Grant } from '../../../../src/core/access.ts';
import type { AuditEvent } from '../../../../src/core/events.ts';
import type { Caller } from '../../../../src/core/identity.ts';
import { onlyBackendFor } from '../../../../src/flows/chain.ts';
import type { ChainedBackend } from '../../../../src/flows/chain.ts';
import { accessArea } from '../../../../src/http/console/access.ts';
import { groupNames } from '../../../../src/http/console/decision-views.ts';
import { recordDecisions } from '../../../../src/platform/recent-decisions.ts';
import { openConsoleApp } from '../../../support/console-app.ts';
import { fakeBackend, identity } from '../../../support/fake-backend.ts';
import type { FakeBackendOptions } from '../../../support/fake-backend.ts';
import { realClock } from '../../../support/fakes.ts';
import { fetchBrowser } from '../../../support/fetch-browser.ts';
import { again } from '../../../support/personal-token-world.ts';
import { policyOf } from '../../../support/policy-builder.ts';

const SERVICE = 'registry.example.com';

/** alice is an administrator. */
const ADMIN = { admins: { users: ['alice'] } } as const;

/** A request of alice to pull and push `web/shop`. */
function issued(requestId: string, grant: Pick<Grant, 'granted'> & Partial<Grant>, caller: Caller): AuditEvent {
  const asked = { type: 'repository', name: 'web/shop', actions: ['pull', 'push'] } as const;
  return {
    type: 'token.issued',
    request: { requestId, client: '10.1.4.7' },
    caller,
    service: SERVICE,
    time: 0,
    grants: [{ asked, because: [], ...grant }],
    attributes: new Map(),
    malformed: [],
    tokenId: 't',
    isReused: false,
    policyRevision: 'r',
    expiresIn: 300,
  };
}

/** The page of alice after these requests, and with the answer to a question. */
async function pageAfter(
  events: (caller: User) => readonly AuditEvent[],
  query = '',
  section: Readonly<Record<string, unknown>> = {},
  others: readonly ChainedBackend[] = [],
): Promise<string> {
  const { chained } = fakeBackend(again(), { name: 'corp' });
  const authenticator = { ...chained.authenticator, revalidate: async () => again() };
  const recent = recordDecisions(1000, realClock);
  const outcome = again();
  if (outcome.kind !== 'authenticated') throw new Error('alice has an account');
  for (const event of events({ kind: 'user', identity: outcome.identity })) recent.record(event);
  const backends = [{ ...chained, authenticator }, ...others];
  const access = { recent, clock: realClock, onlyBackendFor: (name: string) => onlyBackendFor(backends, name) };
  await using app = await openConsoleApp({
    areas: [accessArea({ policy: () => policyOf([]), services: [SERVICE], ...access })],
    backends: async () => backends,
    section,
  });
  const browser = fetchBrowser();
  await browser.submit(`${app.url}/sign-in`, { username: 'alice', password: 'alice-knows-this-1' });
  return (await browser.open(`${app.url}/console/access${query}`)).text;
}

it('lists what was missing in a request, and a request that the client has repeated once', async () => {
  const denied = { granted: ['pull'] } as const;
  const text = await pageAfter((caller) => [issued('a', denied, caller), issued('b', denied, caller)]);

  expect(text.split('web/shop: push')).toHaveLength(2);
  expect(text).toContain('?request=b#denial"');
});

it('lists a stored login of the person that was refused, and not that of a person of the same name elsewhere', async () => {
  const refused = (requestId: string, backend: string): AuditEvent => ({
    type: 'token.refused',
    request: { requestId, client: '10.1.4.7' },
    code: 'refresh_token_refused',
    service: SERVICE,
    owner: 'alice',
    backend,
    cause: 'disabled',
  });

  const own = await pageAfter(() => [refused('own', 'corp'), refused('other', 'partners')]);
  const other = await pageAfter(() => [refused('other', 'partners')], '?request=other');

  expect(own).toContain('?request=own#denial"');
  expect(own).not.toContain('?request=other#denial"');
  expect(other).not.toContain('this login has ended');
});

it('names the token whose limits have denied a request', async () => {
  const limited = { granted: ['pull'], limited: ['push'] } as const;
  const text = await pageAfter((caller) => [issued('a', limited, withToken(caller))], '?request=a');

  expect(text).toContain('With the token <bdi>laptop</bdi>, you may pull');
  expect(text).toContain('The limits of the token exclude push.');
});

it('names the request id to send to an administrator where the policy has denied a request', async () => {
  const text = await pageAfter((caller) => [issued('a', { granted: ['pull'] }, caller)], '?request=a');

  expect(text).toContain('the request id <code>a</code>');
});

it('sends nobody to an administrator where only the limits of a token have denied a request', async () => {
  const limited = { granted: ['pull'], limited: ['push'] } as const;
  const text = await pageAfter((caller) => [issued('a', limited, withToken(caller))], '?request=a');

  expect(text).toContain('you may pull');
  expect(text).not.toContain('send the administrators');
});

it('answers about the repository and the registry of the name of an image that is pasted', async () => {
  const text = await pageAfter(() => [], `?repository=${encodeURIComponent(`${SERVICE}/web/shop:1`)}`);

  expect(text).toContain('You may do nothing with <code>web/shop</code>.');
  expect(text).toContain(`At the registry <code>${SERVICE}</code>`);
  expect(text).toContain('value="web/shop"');
});

it('names no token where a rule has denied a request to a password', async () => {
  const text = await pageAfter((caller) => [issued('a', { granted: ['pull'] }, caller)], '?request=a');

  expect(text).toContain('You may pull');
  expect(text).not.toContain('The limits of the token');
});

type User = Extract<Caller, { readonly kind: 'user' }>;

function withToken(caller: User): Caller {
  return { ...caller, via: { kind: 'personal-token', id: '0123456789ab', name: 'laptop' } };
}

/** A push to `web/shop` that the proxy of the registry asked about, with the registry token of `issued`. */
function tooLittle(requestId: string, about: Partial<Checked> = {}): AuditEvent {
  const push = { type: 'repository', name: 'web/shop', actions: ['push'] } as const;
  return {
    type: 'access.checked',
    request: { requestId, client: '10.1.4.7' },
    service: SERVICE,
    outcome: 'insufficient_scope',
    needs: [{ ...push, actions: ['pull', 'push'] }],
    username: 'alice',
    tokenId: 't',
    missing: [push],
    ...about,
  };
}

type Checked = Extract<AuditEvent, { readonly type: 'access.checked' }>;

describe('a request that was denied through a proxy', () => {
  const denied = { granted: ['pull'] } as const;

  it('is explained by the request for its registry token, with the personal token that was used', async () => {
    const text = await pageAfter((caller) => [issued('a', denied, withToken(caller)), tooLittle('b')], '?request=b');

    expect(text).toContain('The registry token does not grant web/shop: push. This was decided when it was issued:');
    expect(text).toContain('With the token <bdi>laptop</bdi>, you may pull');
  });

  it('says what to do where another broker has issued its registry token', async () => {
    const text = await pageAfter(() => [tooLittle('b')], '?request=b');

    expect(text).toContain('The registry token does not grant web/shop: push.');
    expect(text).toContain('Another broker has issued this token');
    expect(text).not.toContain('No rule allows it');
  });

  it('says what happened where the registry token was issued for something else', async () => {
    const other = { asked: { type: 'repository', name: 'web/base', actions: ['pull'] }, granted: ['pull'] } as const;
    const text = await pageAfter((caller) => [issued('a', other, caller), tooLittle('b')], '?request=b');

    expect(text).toContain('The program had not asked for that when it got the token.');
  });

  it('with a password is explained by its own decision, and is listed', async () => {
    const decided = (caller: Caller): AuditEvent =>
      ({ ...issued('a', denied, caller), type: 'access.decided' }) as never;
    const text = await pageAfter((caller) => [decided(caller)], '?request=a');

    expect(text).toContain('You may pull');
    expect(text).toContain('<a href="/console/access?request=a#denial"><bdi>web/shop: push</bdi></a>');
  });

  it('with a wrong password has the sentence that the client read', async () => {
    const wrong: Partial<Checked> = { outcome: 'invalid_credentials', cause: 'wrong-password' };
    const { tokenId: _tokenId, missing: _missing, ...event } = tooLittle('b', wrong) as Checked;
    const text = await pageAfter(() => [event], '?request=b');

    expect(text).toContain('The registry answered: wrong user name or password.');
  });

  it('is no entry of the list where its program asks for another registry token by itself', async () => {
    const text = await pageAfter(() => [tooLittle('b')]);

    expect(text).not.toContain('?request=b#denial"');
  });
});

describe('the request of somebody else', () => {
  const bob = { kind: 'user', identity: identity('bob') } as const;

  it('is unknown to a person, also where only its registry token shows whose it is', async () => {
    const other = (backend: string): Caller => ({ kind: 'user', identity: { ...identity('alice'), backend } });
    const events = (backend: string) => () => [issued('a', { granted: [] }, other(backend)), tooLittle('b')];

    const texts = [
      await pageAfter(() => [issued('a', { granted: [] }, bob)], '?request=a'),
      await pageAfter(() => [tooLittle('a', { username: 'bob' })], '?request=a'),
      await pageAfter(events('elsewhere'), '?request=b'),
    ];

    for (const text of texts) expect(text).toContain('No request of yours with this id is known here.');
    expect(await pageAfter(events('corp'), '?request=b')).toContain('This was decided when it was issued:');
  });

  it('is explained to an administrator, with the name', async () => {
    const text = await pageAfter(() => [issued('a', { granted: ['pull'] }, bob)], '?request=a', ADMIN);

    expect(text).toMatch(/Request\s+of <bdi>bob<\/bdi>/);
    expect(text).toContain('<bdi>bob</bdi> may pull');
  });
});

describe('a refused login with the name of a person', () => {
  const refused = (about: Readonly<Record<string, unknown>> = {}) => [
    {
      type: 'token.refused',
      request: { requestId: 'a', client: '10.1.4.7' },
      code: 'invalid_credentials',
      service: SERVICE,
      username: 'alice',
      cause: 'no backend knows this user',
      ...about,
    } satisfies AuditEvent,
  ];
  const another = (options: FakeBackendOptions = {}) => [
    fakeBackend({ kind: 'unknown-user' }, { name: 'branch', ...options }).chained,
  ];
  const isShown = async (events: readonly AuditEvent[], others: readonly ChainedBackend[] = [], section = {}) => {
    const explained = await pageAfter(() => events, '?request=a', section, others);
    const listed = await pageAfter(() => events, '', section, others);
    const isExplained = explained.includes('No token was issued: wrong user name or password.');
    expect(explained.includes('No request of yours with this id is known here.')).toBe(!isExplained);
    return [isExplained, listed.includes('?request=a#denial"')];
  };

  it('is shown to her where one backend alone can have people of this name', async () => {
    expect(await isShown(refused())).toEqual([true, true]);
    expect(await isShown(refused(), another({ usernames: ['branch-*'] }))).toEqual([true, true]);
    expect(await isShown(refused(), another({ accepts: 'tokens' }))).toEqual([true, true]);
  });

  it('is not shown to her where another backend can have people of this name', async () => {
    expect(await isShown(refused(), another())).toEqual([false, false]);
    expect(await isShown(refused(), another({ usernames: ['a*'] }))).toEqual([false, false]);
    expect(await isShown(refused(), another({ accepts: 'sign-ins' }))).toEqual([false, false]);
  });

  it('is shown to her where her backend has refused it, and not where another one has', async () => {
    expect(await isShown(refused({ backend: 'corp' }), another())).toEqual([true, true]);
    expect(await isShown(refused({ backend: 'branch' }), another())).toEqual([false, false]);
    expect(await isShown(refused({ backend: 'gone' }))).toEqual([false, false]);
  });

  it('does not hide from her what the policy has denied, however many there are', async () => {
    const denied = (caller: Caller) => ({ ...issued('denied', { granted: ['pull'] }, caller), time: 1 }) as AuditEvent;
    const text = await pageAfter((caller) => [denied(caller), ...Array.from({ length: 200 }, () => refused()).flat()]);

    expect(text).toContain('?request=denied#denial"');
    expect(text.split('?request=a#denial"')).toHaveLength(2);
  });

  it('is explained to an administrator whose it may be', async () => {
    expect(await isShown(refused({ backend: 'branch' }), another(), ADMIN)).toEqual([true, false]);
    expect(await isShown(refused(), another(), ADMIN)).toEqual([true, false]);
  });
});

it('shows a registry token that another broker has issued to nobody of two people of its name', async () => {
  const { chained } = fakeBackend({ kind: 'unknown-user' }, { name: 'branch' });

  const text = await pageAfter(() => [tooLittle('b')], '?request=b', {}, [chained]);

  expect(text).toContain('No request of yours with this id is known here.');
});

it('shows a group that has a DN and a name by its name', () => {
  const groups = ['cn=Team-Web,ou=groups,dc=example', 'team-web', 'cn=staff,dc=example'];

  expect(groupNames(groups)).toEqual(['cn=staff,dc=example', 'team-web']);
});
