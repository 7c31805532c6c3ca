/** The lifetime of a token: never longer than the login, and short for a cached login during an outage. */
import { expect, it } from 'vitest';
import type { Caller } from '../../../src/core/identity.ts';
import { parseScope } from '../../../src/core/scope.ts';
import type { TokenClaims } from '../../../src/core/token.ts';
import { createGrantToken } from '../../../src/flows/grant-token.ts';
import { createTokenReuse } from '../../../src/flows/token-reuse.ts';
import { countingIds, fixedClock, noWaiting, recordingAudit } from '../../support/fakes.ts';
import { callerOf, policyOf } from '../../support/policy-builder.ts';

const NOW = 1_700_000_000;
const SERVICE = { name: 'registry', anonymous: 'deny', lifetimes: { pull: 300, push: 900 } } as const;
const POLICY = policyOf([{ users: ['*'], repositories: ['**'], catalog: true, allow: ['pull', 'push'] }]);

function job(notAfter: number | undefined): Caller {
  const caller = callerOf({ user: 'job' });
  if (caller.kind === 'anonymous' || notAfter === undefined) return caller;
  return { ...caller, identity: { ...caller.identity, notAfter } };
}

async function issue(caller: Caller, scope: string, signatureEnd = Infinity) {
  const signed: TokenClaims[] = [];
  const grantToken = createGrantToken({
    issuer: 'fairlead',
    policy: () => POLICY,
    reuse: createTokenReuse(0),
    signer: {
      endOf: () => signatureEnd,
      sign: async (_service, claims) => {
        signed.push(claims);
        return 'signed';
      },
    },
    clock: fixedClock(NOW),
    timer: noWaiting,
    ids: countingIds(),
    audit: recordingAudit(),
  });
  const asked = parseScope(scope);
  const { expiresIn } = await grantToken({
    context: { requestId: 'id', client: '' },
    service: SERVICE,
    caller,
    scopes: asked === undefined ? [] : [asked],
    malformed: [],
  });
  return { expiresIn, endsIn: (signed[0]?.exp ?? 0) - NOW };
}

it.each([
  ['as configured, long before its login', 3600, 'repository:a/b:pull', { expiresIn: 300, endsIn: 360 }],
  ['with its login, without the grace', 320, 'repository:a/b:pull', { expiresIn: 300, endsIn: 320 }],
  ['with its login, earlier than configured', 120, 'repository:a/b:push', { expiresIn: 120, endsIn: 120 }],
  ['with its login, even after 10 s', 10, 'repository:a/b:pull', { expiresIn: 10, endsIn: 10 }],
])('a token ends %s', async (_when, left, scope, expected) => {
  expect(await issue(job(NOW + left), scope)).toEqual(expected);
});

it.each([
  ['with the personal token it came from', 120, undefined, 120],
  ['with the login, where that ends before the personal token', 120, 60, 60],
  ['with the personal token, where that ends before the login', 60, 120, 60],
])('a token ends %s', async (_when, tokenLeft, loginLeft, endsIn) => {
  const caller = job(loginLeft === undefined ? undefined : NOW + loginLeft);
  if (caller.kind === 'anonymous') throw new Error('a job is a user');
  const via = { kind: 'personal-token', id: 'x', expiresAt: NOW + tokenLeft } as const;

  expect(await issue({ ...caller, via }, 'repository:a/b:pull')).toEqual({ expiresIn: endsIn, endsIn });
});

it('a token has the configured lifetime when the login has no end', async () => {
  expect(await issue(job(undefined), 'repository:a/b:push')).toEqual({ expiresIn: 900, endsIn: 960 });
});

it.each([9, 0, -60])('no token is issued for a login that ends in %d s', async (left) => {
  await expect(issue(job(NOW + left), 'repository:a/b:pull')).rejects.toMatchObject({ code: 'token_refused' });
});

it.each([
  ['a minute, to pull', {}, 'repository:a/b:pull', { expiresIn: 60, endsIn: 120 }],
  ['a minute, to push', {}, 'repository:a/b:push', { expiresIn: 60, endsIn: 120 }],
  [
    'as long as its login, if that ends earlier',
    { notAfter: NOW + 30 },
    'repository:a/b:pull',
    { expiresIn: 30, endsIn: 30 },
  ],
])('a token for a cached login during an outage lasts %s', async (_what, more, scope, expected) => {
  const caller = callerOf({ user: 'alice' });
  if (caller.kind === 'anonymous') throw new Error('expected a user');
  const cached: Caller = { ...caller, stale: true, identity: { ...caller.identity, ...more } };

  expect(await issue(cached, scope)).toEqual(expected);
});

it.each([
  ['the catalog, which can only be read', 'registry:catalog:*', 300],
  ['a push', 'repository:a/b:push', 900],
])('a token for %s has the lifetime of its kind', async (_what, scope, expiresIn) => {
  expect(await issue(job(undefined), scope)).toMatchObject({ expiresIn });
});

it.each([
  ['as configured, long before the certificate of the key expires', 3600, { expiresIn: 300, endsIn: 360 }],
  ['with the certificate of the key, without the grace', 320, { expiresIn: 300, endsIn: 320 }],
  ['with the certificate of the key, earlier than configured', 120, { expiresIn: 120, endsIn: 120 }],
])('a token ends %s', async (_when, left, expected) => {
  expect(await issue(job(undefined), 'repository:a/b:pull', NOW + left)).toEqual(expected);
});

it('a token ends with its login where that is before the certificate of the key expires', async () => {
  expect(await issue(job(NOW + 30), 'repository:a/b:pull', NOW + 40)).toEqual({ expiresIn: 30, endsIn: 30 });
});

it.each([9, 0, -60])('no token is issued when the certificate of the key expires in %d s', async (left) => {
  await expect(issue(job(undefined), 'repository:a/b:pull', NOW + left)).rejects.toMatchObject({
    code: 'signing_unavailable',
  });
});
