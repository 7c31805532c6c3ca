/** For random policies: what is proposed decides as the policy it was made from. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Policy } from '../../../../src/core/policy/policy.ts';
import { ask } from '../../../support/policy-builder.ts';
import type { Asker } from '../../../support/policy-builder.ts';
import { modernised } from './modernised.ts';

const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 150);

const USERS = ['*', 'alice', 'bob', 'ci-*', 'Ann'];
const who = fc.oneof(
  fc.constant({ everyone: true }),
  fc.record({ users: fc.uniqueArray(fc.constantFrom(...USERS), { minLength: 1, maxLength: 2 }) }),
  fc.record({ groups: fc.uniqueArray(fc.constantFrom('dev', 'ops', 'te*'), { minLength: 1, maxLength: 2 }) }),
);
const except = fc.record({ users: fc.uniqueArray(fc.constantFrom(...USERS), { minLength: 1, maxLength: 2 }) });
const match = fc.record(
  {
    account: fc.constantFrom('/^ci-/', '/^(alice|bob)$/', '/b/', '', '/^.*$/', '/^$/'),
    name: fc.constantFrom(
      '/^web/',
      '/^web/.+$/',
      '/^(a|web)/x$/',
      '/eb/s/',
      '/^[^/]+/x$/',
      '/^w.*p$/',
      'web/*',
      '/x$/',
      '/^[a-w]/',
    ),
    service: fc.constantFrom('eu', '/^e/'),
    labels: fc.constantFrom({ group: 'dev' }, { group: 'd*' }),
  },
  { requiredKeys: [] },
);
const actions = fc.constantFrom(['pull'], ['pull', 'push'], ['*'], ['push'], ['pull', 'push', 'delete']);
const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined, freq: 2 });
const rule = fc
  .record({
    who,
    except: optional(except),
    match: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: match }),
    services: optional(fc.constantFrom(['eu'], ['us'], ['e*'])),
    clients: optional(fc.constantFrom(['10.0.0.0/8'], ['10.1.0.0/16', '192.0.2.1'])),
    repositories: optional(
      fc.constantFrom(['web/**'], ['web/*', 'a'], ['**'], ['web/shop'], ['*/x'], ['**/x'], ['a/*']),
    ),
    catalog: optional(fc.constant(true)),
    grant: fc.oneof(
      { weight: 2, arbitrary: actions.map((allow) => ({ allow })) },
      { weight: 1, arbitrary: fc.constant({ deny: ['*'] }) },
    ),
  })
  .map(({ who: own, grant, match: written, services, repositories, catalog, ...rest }) => ({
    ...own,
    ...rest,
    ...(written?.service === undefined ? { services } : {}),
    match: written === undefined || Object.keys(written).length === 0 ? undefined : written,
    repositories: written?.name === undefined ? (repositories ?? (catalog === true ? undefined : ['web/**'])) : ['**'],
    catalog,
    ...grant,
  }));
const rules = fc
  .array(rule, { minLength: 3, maxLength: 6, size: 'max' })
  .map((list) => list.map((one, at) => ({ name: `r${at + 1}`, ...one })));

const HOLDERS: readonly (readonly string[])[] = [[], ['dev'], ['ops', 'team'], ['Dev']];
const ASKERS: readonly Asker[] = [
  {},
  { user: 'robot:ci-1' },
  ...['alice', 'bob', 'ci-1', 'Ann', 'ann', 'zoe'].flatMap((user) =>
    HOLDERS.flatMap((groups) => [
      { user, groups },
      { user, groups, caseless: true },
    ]),
  ),
].flatMap((asker) => [
  { ...asker, service: 'eu', client: '10.1.2.3' },
  { ...asker, service: 'us', client: '192.0.2.9' },
]);
const SCOPES = ['web', 'web/shop', 'web/x', 'web/s/x', 'webs', 'a', 'a/x', 'a/web/shop', 'wp', 'w/p', 'x']
  .flatMap((name) => ['pull', 'push', 'delete'].map((action) => `repository:${name}:${action}`))
  .concat('registry:catalog:*');

function differing(before: Policy, after: Policy): readonly string[] {
  return ASKERS.flatMap((asker) =>
    SCOPES.filter((scope) => ask(before, asker, scope).granted.join() !== ask(after, asker, scope).granted.join()).map(
      (scope) => `${JSON.stringify(asker)} ${scope}`,
    ),
  );
}

describe('modernising a random policy', () => {
  it('changes no decision, and finds a proposal for many policies', async () => {
    const outcomes = new Map<string, number>();
    const count = (what: string): void => void outcomes.set(what, (outcomes.get(what) ?? 0) + 1);

    await fc.assert(
      fc.asyncProperty(rules, async (list) => {
        const { found, before, after, notes } = await modernised(list);
        count(found.kind);
        if (found.kind === 'left') expect(found.reason).toBeUndefined();
        if (after === undefined) return;
        if (notes.some((note) => note.includes(': changed: '))) count('changed');
        if (notes.some((note) => note.includes(': dropped: '))) count('dropped');
        expect(differing(before, after)).toEqual([]);
      }),
      { numRuns: RUNS },
    );

    expect([...outcomes.keys()].toSorted()).toEqual(['changed', 'dropped', 'left', 'proposed']);
  });

  it('differs from a policy that only leaves out the order, which shows that the test can fail', async () => {
    let noticed = 0;
    await fc.assert(
      fc.asyncProperty(rules, async (list) => {
        const plain = list.map((one) => ({ ...one, match: undefined }));
        const { before } = await modernised(plain);
        const { before: after } = await modernised(plain, { evaluation: 'union' });
        if (differing(before, after).length > 0) noticed += 1;
      }),
      { numRuns: 60 },
    );

    expect(noticed).toBeGreaterThan(5);
  });
});
