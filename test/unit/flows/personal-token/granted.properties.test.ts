/**
 * What a personal token is granted, for every policy, owner and limits: what the owner may do now, within the limits. The
 * whole path is tested, from the text of the token to the claims that are signed.
 *
 * `PROPERTY_RUNS=100000 npx vitest run --project properties granted` runs more cases.
 */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PersonalToken } from '../../../../src/core/personal-token.ts';
import type { Policy } from '../../../../src/core/policy/policy.ts';
import { parseScope } from '../../../../src/core/scope.ts';
import type { StoredLimit } from '../../../../src/core/token-limits.ts';
import type { TokenClaims } from '../../../../src/core/token.ts';
import { createGrantToken } from '../../../../src/flows/grant-token.ts';
import { createTokenReuse } from '../../../../src/flows/token-reuse.ts';
import { personalTokenSecrets } from '../../../../src/platform/personal-token-secrets.ts';
import { countingIds, noWaiting } from '../../../support/fakes.ts';
import { action, asker, naive, repositoryPattern, rules, scope, walk } from '../../../support/naive-policy.ts';
import { callerOf, policyOf } from '../../../support/policy-builder.ts';
import type { Asker } from '../../../support/policy-builder.ts';
import { DAY, openTokenWorld, OWNER, REQUEST } from '../../../support/personal-token-world.ts';

const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 1500);

type Limits = readonly StoredLimit[] | undefined;
type Owner = Asker & { readonly user: string; readonly service: string };

const limit: fc.Arbitrary<StoredLimit> = fc.record({
  service: fc.constantFrom('one', 'one', 'two'),
  repositories: fc.array(fc.oneof(repositoryPattern, fc.constantFrom('**', '*/**', 'w*/**', '*', '*/*')), {
    minLength: 1,
    maxLength: 3,
  }),
  actions: fc.array(action, { minLength: 1, maxLength: 3 }),
});
const limits: fc.Arbitrary<Limits> = fc.option(fc.array(limit, { maxLength: 4 }), { nil: undefined });
/** Half of the policies grant most things, so that the limits decide. */
const policies = fc
  .tuple(rules, fc.boolean())
  .map(([some, isOpen]) => (isOpen ? [...some, { users: ['*'], repositories: ['**'], allow: ['*'] }] : some));
const owner: fc.Arbitrary<Owner> = asker.map((one) => ({
  ...one,
  user: one.user ?? 'alice',
  service: one.service ?? 'one',
}));

/** A broker whose policy, owner and record can be exchanged, with one token. */
function setUp() {
  const { world, store, use, clock, audit } = openTokenWorld();
  const token = personalTokenSecrets.make();
  const digest = personalTokenSecrets.digest(token);
  const signed: TokenClaims[] = [];
  let policy: Policy = policyOf([]);
  const grantToken = createGrantToken({
    issuer: 'fairlead',
    policy: () => policy,
    reuse: createTokenReuse(5),
    signer: {
      endOf: () => Infinity,
      sign: async (_service, claims) => {
        signed.push(claims);
        return 'signed';
      },
    },
    clock,
    timer: noWaiting,
    ids: countingIds(),
    audit,
  });
  const record: PersonalToken = {
    owner: OWNER,
    name: 'x',
    createdAt: clock.now(),
    createdBy: 'operator',
    expiresAt: clock.now() + DAY,
  };
  return async (rulesNow: Policy, ownerNow: Owner, own: Limits, what: string) => {
    audit.events.length = 0;
    signed.length = 0;
    policy = rulesNow;
    const found = callerOf(ownerNow);
    if (found.kind === 'anonymous') throw new Error('the owner is a user');
    world.outcome = {
      kind: 'authenticated',
      identity: { ...found.identity, backend: OWNER.backend, subject: OWNER.subject },
    };
    await store.put(digest, own === undefined ? record : { ...record, limits: own }, DAY);
    const caller = await use({ username: '', password: token }, REQUEST);
    const asked = parseScope(what);
    if (asked === undefined) throw new Error(`not a scope: ${what}`);
    const service = { name: ownerNow.service, anonymous: 'deny', lifetimes: { pull: 60, push: 60 } } as const;
    const issued = await grantToken({ context: REQUEST, service, caller, scopes: [asked], malformed: [] });
    // The token of the case before may be given out again where everything is the same.
    return { grant: issued.grants[0], access: signed[0]?.access };
  };
}

/** The limits in the plainest words. */
function within(granted: readonly string[], service: string, what: string, all: Limits): readonly string[] {
  if (all === undefined) return granted;
  const name = what.slice(what.indexOf(':') + 1, what.lastIndexOf(':')).split('/');
  return granted.filter((one) =>
    all.some(
      ({ service: of, repositories, actions }) =>
        of === service &&
        repositories.some((pattern) => walk(pattern.split('/'), name)) &&
        (actions as readonly string[]).some((allowed) => allowed === one || allowed === '*'),
    ),
  );
}

describe('what a personal token is granted', () => {
  it('is what its owner may do now within its limits', async () => {
    const ask = setUp();
    const counts = { granted: 0, limited: 0 };
    await fc.assert(
      fc.asyncProperty(policies, owner, limits, scope, async (policy, ownerNow, own, what) => {
        const { grant, access } = await ask(policyOf(policy), ownerNow, own, what);

        const mayDo = naive(policy, ownerNow, what);
        const expected = within(mayDo, ownerNow.service, what, own);
        expect(grant?.granted).toEqual(expected);
        expect(grant?.limited ?? []).toEqual(mayDo.filter((one) => !expected.includes(one)));
        if (access !== undefined) expect(access.flatMap(({ actions }) => actions)).toEqual(expected);
        if (expected.length > 0 && own !== undefined) counts.granted += 1;
        if (expected.length < mayDo.length) counts.limited += 1;
      }),
      { numRuns: RUNS },
    );
    // A comparison of nothing with nothing would prove nothing.
    expect(counts.granted).toBeGreaterThan(RUNS / 20);
    expect(counts.limited).toBeGreaterThan(RUNS / 20);
  });
});
