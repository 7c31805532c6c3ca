/** What docker_auth decides, the model decides, and so does the policy that its rules are turned into. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { parse } from 'yaml';
import { readAcl } from '../../../src/migrate/docker-auth/acl.ts';
import { decideAcl } from '../../../src/migrate/docker-auth/model.ts';
import { child, parseForeignYaml } from '../../../src/migrate/foreign-yaml.ts';
import { callerWith, configuration, grantedBy, imported } from './imported.ts';
import type { Asked, Labels } from './imported.ts';

type RecordedRequest = readonly [string, string, string, string, string, string, number, string];
interface RecordedCase {
  readonly acl: readonly AclEntry[];
  readonly requests: readonly RecordedRequest[];
}
interface AclEntry {
  readonly match: Readonly<Record<string, unknown>>;
  readonly actions?: readonly string[];
}

const FILE = resolve(import.meta.dirname, '../../golden/docker-auth/decisions.jsonl');
const [head = '', ...lines] = (await readFile(FILE, 'utf8')).trim().split('\n');
const { users }: { readonly users: Readonly<Record<string, Labels>> } = JSON.parse(head);
const cases: readonly RecordedCase[] = lines.map((line) => JSON.parse(line));

const rulesOf = (acl: readonly AclEntry[]) => {
  const { root } = parseForeignYaml(configuration(acl), 'auth.yml');
  return readAcl(child(root, 'acl'), 'auth.yml', []);
};
const labelsOf = (account: string) => new Map(Object.entries(users[account] ?? {}));
const askedBy = ([account, type, name, service, ip, actions]: RecordedRequest): Asked => ({
  account,
  type,
  name,
  service,
  ip,
  actions: actions.split(','),
});

describe('the model of docker_auth', () => {
  it('decides the recorded requests as docker_auth did, by the same rule', () => {
    const found = cases.map(({ acl, requests }) => ({
      acl,
      requests: requests.map((recorded) => {
        const asked = askedBy(recorded);
        const { rule = 0, granted } = decideAcl(rulesOf(acl), { ...asked, labels: labelsOf(asked.account) });
        return [...recorded.slice(0, 6), rule, granted.join()];
      }),
    }));

    expect(found.flatMap(({ requests }) => requests).length).toBeGreaterThan(1000);
    expect(found).toEqual(cases);
  });
});

/** An asterisk among other actions is one that no registry asks for a repository. */
function expected(type: string, granted: readonly string[], actions: readonly string[] | undefined): readonly string[] {
  const isOdd = type === 'repository' && actions !== undefined && actions.length > 1;
  return isOdd ? granted.filter((action) => action !== '*') : granted;
}

/** Of the type `registry` there is only the catalog. */
function isAskedByRegistries({ type, name, actions }: Asked): boolean {
  return type === 'repository' || (name === 'catalog' && actions.join() === '*');
}

describe('an imported policy', () => {
  it('decides the recorded requests as docker_auth did', async () => {
    let compared = 0;
    for (const { acl, requests } of cases) {
      await using made = await imported(configuration(acl, users));
      // What is not converted denies; the test of those is below.
      if (made.result.findings.some(({ kind }) => kind === 'lost')) continue;
      for (const recorded of requests) {
        const asked = askedBy(recorded);
        if (!isAskedByRegistries(asked)) continue;
        const granted = grantedBy(made.policy, callerWith(asked.account, users[asked.account] ?? {}), asked);
        const [rule, before] = [recorded[6], recorded[7].split(',').filter((action) => action !== '')];
        const wanted = expected(asked.type, before, acl[rule - 1]?.actions);
        expect({ acl, asked, granted: [...granted] }).toEqual({ acl, asked, granted: wanted });
        compared += 1;
      }
    }

    expect(compared).toBeGreaterThan(600);
  });

  it('decides random requests as the model does, for random rules', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(aclEntry, { minLength: 1, maxLength: 6 }),
        fc.array(request, { minLength: 30 }),
        async (acl, requests) => {
          await using made = await imported(configuration(acl, users));
          const rules = rulesOf(parse(configuration(acl)).acl);
          const isWhole = !made.result.findings.some(({ kind }) => kind === 'lost');
          for (const asked of requests) {
            const { account, type, name } = asked;
            const before = decideAcl(rules, { ...asked, labels: labelsOf(account) });
            const granted = grantedBy(made.policy, callerWith(account, users[account] ?? {}), asked);
            const wanted = expected(type, before.granted, rules.find(({ number }) => number === before.rule)?.actions);
            // Where something is not converted, less may be granted and never more.
            expect({
              account,
              name,
              granted: isWhole ? [...granted] : granted.filter((action) => !wanted.includes(action)),
            }).toEqual({
              account,
              name,
              granted: isWhole ? wanted : [],
            });
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});

const oneOf = (...texts: readonly string[]) => fc.constantFrom(...texts);
const segment = oneOf(
  'web',
  'api',
  '*',
  'a*',
  '?eb',
  '[a-w]*',
  '${account}',
  '${labels:team}',
  '${labels:project}-x',
  '${account:1}',
  '${service}',
  '${type}',
);
const account = oneOf(
  '',
  'alice',
  'bob',
  '*',
  'a*',
  '/.+/',
  '/.*/',
  '/^a/',
  '/li|ob/',
  '/^(.+)@x.org$/',
  '/^(\\w)(.*)$/',
  'Eve',
  '${name}',
  '/^${labels:project}$/',
  '[',
);
const name = fc.oneof(
  fc.array(segment, { minLength: 1, maxLength: 3 }).map((segments) => segments.join('/')),
  oneOf(
    'catalog',
    '/^web/',
    '/catalog|web/',
    '/^${account}/',
    '/^${labels:team}/.+$/',
    '/^(\\w+)/(.+)$/',
    'web/**',
    'Web/*',
    '${labels:team}/${labels:project}',
    '${foo}/x',
    '/${foo}|web/',
  ),
);
const maybe = <T>(arbitrary: fc.Arbitrary<T>, weight: number) => fc.option(arbitrary, { nil: undefined, freq: weight });
const aclEntry: fc.Arbitrary<AclEntry> = fc
  .record({
    account: maybe(account, 2),
    name: maybe(name, 2),
    type: fc.option(oneOf('repository', 'registry', '*', '/^reg/', '/^(re)/'), { nil: undefined, freq: 1 }),
    service: fc.option(oneOf('s1', '*', '/^s/', '${account}', 's?'), { nil: undefined, freq: 1 }),
    ip: fc.option(oneOf('10.0.0.0/8', '::1', '0.0.0.0/0', '::/0', '10.1.2.3'), { nil: undefined, freq: 1 }),
    labels: fc.option(
      fc.constantFrom({ team: 'web' }, { team: 'w*' }, { project: '/sh|w/', team: '?*' }, { nobody: 'x' }),
      { nil: undefined, freq: 1 },
    ),
    actions: fc.constantFrom(['*'], ['pull'], ['pull', 'push'], [], ['*', 'pull'], ['push', 'delete'], undefined),
    keep: fc.array(fc.nat(2), { minLength: 4, maxLength: 4 }),
  })
  .map(({ actions, keep, account: who, name: what, ...rest }) => {
    // Few rules have all conditions, and those that do match nothing.
    const kept = Object.entries(rest).filter(([, value], index) => value !== undefined && keep[index] === 0);
    const match = {
      ...(who === undefined ? {} : { account: who }),
      ...(what === undefined ? {} : { name: what }),
      ...Object.fromEntries(kept),
    };
    return actions === undefined ? { match } : { match, actions };
  });
const request: fc.Arbitrary<Asked> = fc
  .record({
    account: fc.constantFrom(...Object.keys(users)),
    isCatalog: fc.boolean(),
    name: oneOf(
      'web/x',
      'web',
      'alice/x',
      'alice/a/x',
      'bob/y',
      'ops/a',
      'shop/web',
      'shop-x/web',
      'a/alice',
      'api/r',
      'catalog',
      'a.b/q',
      'axb/q',
      'h/x',
      'test-zz/q',
      's1/web',
    ),
    service: oneOf('s1', 't', 'alice'),
    ip: oneOf('', '127.0.0.1', '10.1.2.3', '::1', '::ffff:10.9.9.9', '2001:db8::1'),
    actions: fc.constantFrom(['pull'], ['pull', 'push'], ['pull', 'push', 'delete'], ['*']),
  })
  .map(({ isCatalog, ...asked }) =>
    isCatalog && asked.name === 'catalog'
      ? { ...asked, type: 'registry', actions: ['*'] }
      : { ...asked, type: 'repository' },
  );
