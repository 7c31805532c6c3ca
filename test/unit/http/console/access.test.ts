/** The page about access over HTTP: which requests were denied, and why. */
import { expect, it } from 'vitest';
import type { Grant } from '../../../../src/core/access.ts';
import type { AuditEvent } from '../../../../src/core/events.ts';
import type { Caller } from '../../../../src/core/identity.ts';
import { accessArea } from '../../../../src/http/console/access.ts';
import { groupNames } from '../../../../src/http/console/decision-views.ts';
import { rememberDecisions } from '../../../../src/platform/recent-decisions.ts';
import { openConsoleApp } from '../../../support/console-app.ts';
import { fakeBackend } from '../../../support/fake-backend.ts';
import { realClock } from '../../../support/fakes.ts';
import { fetchBrowser } from '../../../support/fetch-browser.ts';
import { again } from '../../../support/personal-token-world.ts';
import { policyOf } from '../../../support/policy-builder.ts';

const SERVICE = 'registry.example.com';

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
async function pageAfter(events: (caller: User) => readonly AuditEvent[], query = ''): Promise<string> {
  const { chained } = fakeBackend(again(), { name: 'corp' });
  const authenticator = { ...chained.authenticator, revalidate: async () => again() };
  const recent = rememberDecisions(10, realClock);
  const outcome = again();
  if (outcome.kind !== 'authenticated') throw new Error('alice has an account');
  for (const event of events({ kind: 'user', identity: outcome.identity })) recent.record(event);
  await using app = await openConsoleApp({
    areas: [accessArea({ policy: () => policyOf([]), services: [SERVICE], recent, clock: realClock })],
    backends: async () => [{ ...chained, authenticator }],
  });
  const browser = fetchBrowser();
  await browser.submit(`${app.url}/sign-in`, { username: 'alice', password: 'alice-knows-this-1' });
  return (await browser.open(`${app.url}/console/access${query}`)).text;
}

it('lists what was missing in a request, and a request that the client has repeated once', async () => {
  const denied = { granted: ['pull'] } as const;
  const text = await pageAfter((caller) => [issued('a', denied, caller), issued('b', denied, caller)]);

  expect(text.split('web/shop: push')).toHaveLength(2);
  expect(text).toContain('?request=b"');
});

it('names the token whose limits have denied a request', async () => {
  const limited = { granted: ['pull'], limited: ['push'] } as const;
  const text = await pageAfter((caller) => [issued('a', limited, withToken(caller))], '?request=a');

  expect(text).toContain('With the token laptop, you may pull');
  expect(text).toContain('The limits of the token exclude push.');
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

it('shows a group that has a DN and a name by its name', () => {
  const groups = ['cn=Team-Web,ou=groups,dc=example', 'team-web', 'cn=staff,dc=example'];

  expect(groupNames(groups)).toEqual(['cn=staff,dc=example', 'team-web']);
});
