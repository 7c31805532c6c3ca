/** A token that was signed a moment ago is returned again for the same login, service, grants and policy. */
import { describe, expect, it } from 'vitest';
import { ANONYMOUS } from '../../../src/core/identity.ts';
import type { Caller, Via } from '../../../src/core/identity.ts';
import type { Policy } from '../../../src/core/policy/policy.ts';
import { parseScope } from '../../../src/core/scope.ts';
import { limitsOf } from '../../../src/core/token-limits.ts';
import { createGrantToken } from '../../../src/flows/grant-token.ts';
import type { Service } from '../../../src/flows/grant-token.ts';
import { createTokenReuse } from '../../../src/flows/token-reuse.ts';
import { countingIds, noWaiting, recordingAudit } from '../../support/fakes.ts';
import { callerOf, policyOf } from '../../support/policy-builder.ts';

const START = 1_700_000_000;
const REUSE = 5;
const POLICY = policyOf([{ everyone: true, repositories: ['**'], allow: ['pull', 'push'] }]);
const SERVICE: Service = { name: 'registry', anonymous: 'allow', lifetimes: { pull: 300, push: 900 } };

interface Asked {
  readonly caller?: Caller;
  readonly service?: Service;
  /** One or more, with spaces between them. */
  readonly scope?: string;
}

function broker(seconds = REUSE) {
  let now = START;
  let policy: Policy = POLICY;
  let signatures = 0;
  let isSignerBroken = false;
  const reuse = createTokenReuse(seconds);
  const audit = recordingAudit();
  const grantToken = createGrantToken({
    issuer: 'fairlead',
    policy: () => policy,
    reuse,
    signer: {
      endOf: () => Infinity,
      sign: async () => {
        signatures += 1;
        if (isSignerBroken) throw new Error('the signer is broken');
        return `token ${signatures}`;
      },
    },
    clock: { now: () => now, monotonic: () => 0 },
    timer: noWaiting,
    ids: countingIds(),
    audit,
  });
  return {
    reuse,
    audit,
    ask: async ({ caller = ANONYMOUS, service = SERVICE, scope = 'repository:a/b:pull' }: Asked = {}) => {
      const context = { requestId: 'id', client: '' };
      const scopes = scope.split(' ').flatMap((text) => parseScope(text) ?? []);
      const { token, expiresIn } = await grantToken({ context, service, caller, scopes, malformed: [] });
      return { token, expiresIn };
    },
    after: (passed: number) => void (now += passed),
    use: (other: Policy) => void (policy = other),
    breakSigner: (broken: boolean) => void (isSignerBroken = broken),
  };
}

const limitsFor = (pattern: string) =>
  limitsOf([{ service: SERVICE.name, repositories: [pattern], actions: ['pull'] }]) ?? [];
const LAPTOP: Via = { kind: 'personal-token', id: 'a', limits: limitsFor('a/**'), expiresAt: START + 10_000 };

function withVia(caller: Caller, via: Via | undefined): Caller {
  return caller.kind === 'user' && via !== undefined ? { ...caller, via } : caller;
}

const identityOf = (caller: Caller) => (caller.kind === 'user' ? caller.identity : undefined);

describe('a token', () => {
  it('is returned again within the time, with the seconds that are left', async () => {
    const { ask, after } = broker();

    const answers = [await ask(), (after(4), await ask())];

    expect(answers).toEqual([
      { token: 'token 1', expiresIn: 300 },
      { token: 'token 1', expiresIn: 296 },
    ]);
  });

  it('is signed once for requests at the same time', async () => {
    const { ask } = broker();

    const tokens = await Promise.all([ask(), ask(), ask()]);

    expect(new Set(tokens.map(({ token }) => token))).toEqual(new Set(['token 1']));
  });

  it('has one id in the audit lines of all requests, which say that it is reused', async () => {
    const { ask, audit } = broker();

    await ask();
    await ask();

    const issued = audit.events.filter((event) => event.type === 'token.issued');
    expect(issued.map(({ tokenId, isReused, expiresIn }) => ({ tokenId, isReused, expiresIn }))).toEqual([
      { tokenId: 'id-1', isReused: false, expiresIn: 300 },
      { tokenId: 'id-1', isReused: true, expiresIn: 300 },
    ]);
  });

  it.each([
    ['after the time', async ({ after }: ReturnType<typeof broker>) => after(REUSE)],
    ['when the clock was set back', async ({ after }: ReturnType<typeof broker>) => after(-1)],
    ['after `clear`', async ({ reuse }: ReturnType<typeof broker>) => reuse.clear()],
    [
      'after a reload of the policy',
      async ({ use }: ReturnType<typeof broker>) => use({ ...POLICY, revision: 'another' }),
    ],
  ])('is signed again %s', async (_when, change) => {
    const world = broker();

    await world.ask();
    await change(world);

    expect(await world.ask()).toEqual({ token: 'token 2', expiresIn: 300 });
  });

  it.each<readonly [string, Asked]>([
    ['another repository', { scope: 'repository:a/c:pull' }],
    ['other actions', { scope: 'repository:a/b:pull,push' }],
    ['no scope', { scope: '' }],
    ['another service', { service: { ...SERVICE, name: 'mirror' } }],
    ['another lifetime', { service: { ...SERVICE, lifetimes: { pull: 60, push: 60 } } }],
    ['a user', { caller: callerOf({ user: 'alice' }) }],
  ])('is signed for %s', async (_what, asked) => {
    const { ask } = broker();

    await ask();

    expect(await ask(asked)).toMatchObject({ token: 'token 2' });
  });

  it.each<readonly [string, Via | undefined]>([
    ['the password of the same user', undefined],
    ['another personal token of the same user', { ...LAPTOP, id: 'b' }],
    ['a personal token with the same id and other limits', { ...LAPTOP, limits: limitsFor('a/*') }],
    ['a personal token with the same id and another end', { ...LAPTOP, expiresAt: START + 500 }],
    ['a refresh token of the same user', { kind: 'refresh-token', id: 'a' }],
  ])('that was signed for a personal token is not returned for %s', async (_what, via) => {
    const { ask } = broker();
    const caller = callerOf({ user: 'alice' });

    const first = [await ask({ caller: withVia(caller, LAPTOP) }), await ask({ caller: withVia(caller, LAPTOP) })];
    const other = await ask({ caller: withVia(caller, via) });

    expect(first.map(({ token }) => token)).toEqual(['token 1', 'token 1']);
    expect(other).toMatchObject({ token: 'token 2' });
  });

  it('is that of its login: another login of the same user gets another token', async () => {
    const { ask } = broker();
    const first = callerOf({ user: 'alice' });
    const again = callerOf({ user: 'alice' });
    expect(identityOf(again)).toEqual(identityOf(first));

    const tokens = [await ask({ caller: first }), await ask({ caller: first }), await ask({ caller: again })];

    expect(tokens.map(({ token }) => token)).toEqual(['token 1', 'token 1', 'token 2']);
  });

  it('is not kept for a login that ends, because it is another one each time', async () => {
    const { ask } = broker();
    const caller = callerOf({ user: 'job' });
    const job: Caller =
      caller.kind === 'user' ? { ...caller, identity: { ...caller.identity, notAfter: START + 3600 } } : caller;

    expect([await ask({ caller: job }), await ask({ caller: job })]).toMatchObject([
      { token: 'token 1' },
      { token: 'token 2' },
    ]);
  });

  it('is never reused with `0s`', async () => {
    const { ask } = broker(0);

    expect([await ask(), await ask()]).toMatchObject([{ token: 'token 1' }, { token: 'token 2' }]);
  });

  it('that could not be signed is not kept', async () => {
    const { ask, breakSigner } = broker();

    breakSigner(true);
    await expect(ask()).rejects.toThrow('the signer is broken');
    breakSigner(false);

    expect(await ask()).toMatchObject({ token: 'token 2' });
  });

  it('is one of a bounded number: the oldest is signed again', async () => {
    const { ask } = broker();

    await ask({ scope: 'repository:first/app:pull' });
    for (let index = 0; index < 1024; index += 1) await ask({ scope: `repository:other/app${index}:pull` });

    expect(await ask({ scope: 'repository:other/app1023:pull' })).toMatchObject({ token: 'token 1025' });
    expect(await ask({ scope: 'repository:first/app:pull' })).toMatchObject({ token: 'token 1026' });
  });

  it('for many scopes is not kept, so that clients cannot fill the memory with what they request', async () => {
    const { ask } = broker();
    const scopesOf = (count: number): string =>
      Array.from({ length: count }, (_, index) => `repository:team/app${index}:pull`).join(' ');
    const few = { scope: scopesOf(20) };
    const many = { scope: scopesOf(80) };

    expect([await ask(few), await ask(few)]).toMatchObject([{ token: 'token 1' }, { token: 'token 1' }]);
    expect([await ask(many), await ask(many)]).toMatchObject([{ token: 'token 2' }, { token: 'token 3' }]);
  });
});
