import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compareDecisions } from '../../../../src/migrate/docker-auth/compare.ts';
import { MAX_RULES } from '../../../../src/migrate/modernise/propose.ts';
import { allKinds } from '../../../support/any-conditions.ts';
import { imported } from '../imported.ts';
import { modernised } from './modernised.ts';

const ALL = ['**'];
const PULL = { repositories: ALL, allow: ['pull'] };

/** The rules of a proposal as one line each; the notes where there is none. */
async function rulesOf(rules: readonly object[]): Promise<readonly string[]> {
  const { found, notes } = await modernised(rules.map((rule, at) => ({ name: `r${at + 1}`, ...rule })));
  if (found.kind !== 'proposed') return notes;
  return found.text
    .split(/^ {2}# .*\n/m)
    .slice(1)
    .map((text) => text.replaceAll(/\s*\n\s*/g, ' ').trim());
}

describe('a policy that is rewritten without order', () => {
  it('keeps its rules where no rule grants more than an earlier one for the same requests', async () => {
    const rules = await rulesOf([
      { users: ['admin'], repositories: ALL, allow: ['*'] },
      { groups: ['dev'], repositories: ['web/**'], allow: ['pull', 'push'] },
      { everyone: true, ...PULL },
    ]);

    expect(rules).toEqual([
      "- name: r1 users: [admin] repositories: ['**'] allow: ['*']",
      '- name: r2 groups: [dev] repositories: [web/**] allow: [pull, push]',
      "- name: r3 everyone: true repositories: ['**'] allow: [pull]",
    ]);
  });

  it('has the invariants of the original policy', async () => {
    const invariants = [{ name: 'claim', never: { anonymous: true, repositories: ALL, actions: 'push' } }];

    const { found } = await modernised([{ name: 'r1', users: ['admin'], ...PULL }], { invariants });

    expect(found).toMatchObject({ kind: 'proposed', text: expect.stringContaining('name: claim') });
  });

  it('is not proposed for a rule with a condition that imported rules do not have', async () => {
    const rule = { name: 'r1', users: ['*'], ...PULL };

    const { found, notes } = await modernised([{ ...rule, period: { from: 0, to: 100 } }], {}, allKinds);

    expect(found.kind).toBe('left');
    expect(notes).toEqual(['r1: stuck: period: only imported conditions are understood']);
    expect((await modernised([rule], {}, allKinds)).found.kind).toBe('proposed');
  });

  it('denies what an earlier rule did not grant', async () => {
    const rules = await rulesOf([
      { everyone: true, repositories: ['secret/**'], deny: ['*'] },
      { users: ['*'], ...PULL },
    ]);

    expect(rules).toEqual([
      "- name: r1 everyone: true repositories: [secret/**] deny: ['*']",
      "- name: r2 users: ['*'] repositories: ['**'] allow: [pull]",
    ]);
  });

  it('denies no user what an earlier rule granted', async () => {
    const rules = await rulesOf([
      { users: ['admin'], repositories: ALL, allow: ['*'] },
      { everyone: true, repositories: ['secret/**'], deny: ['*'] },
      { users: ['*'], ...PULL },
    ]);

    expect(rules[1]).toBe("- name: r2 everyone: true except: users: [admin] repositories: [secret/**] deny: ['*']");
  });

  it('excludes the callers for whom an earlier rule grants less', async () => {
    const rules = await rulesOf([
      { groups: ['trainees'], repositories: ALL, allow: ['pull'] },
      { users: ['*'], repositories: ['web/**'], allow: ['pull', 'push'] },
    ]);

    expect(rules[1]).toBe(
      "- name: r2 users: ['*'] except: groups: [trainees] repositories: [web/**] allow: [pull, push]",
    );
  });

  it('denies what later rules would add, where exceptions cannot express it', async () => {
    const rules = await rulesOf([
      { groups: ['web-{x}'], repositories: ['{x}/**'], allow: ['pull'] },
      { users: ['ci-*'], repositories: ['*/build'], allow: ['pull', 'push'] },
    ]);

    expect(rules).toEqual([
      "- name: r1 groups: ['web-{x}'] repositories: ['{x}/**'] allow: [pull]",
      "- name: r1 (2) groups: ['web-{x}'] repositories: ['{x}/**'] deny: [push]",
      "- name: r2 users: [ci-*] repositories: ['*/build'] allow: [pull, push]",
    ]);
  });

  it('is proposed where the patterns leave it open and a search of all requests proves it', async () => {
    const rules = await rulesOf([
      { users: ['alice'], except: { users: ['alice'] }, repositories: ['web/**'], allow: ['pull'] },
      { users: ['{n}'], repositories: ['{user}/**'], deny: ['*'] },
      { users: ['ci-*'], repositories: ['web/x'], allow: ['*'] },
    ]);

    expect(rules).toContain("- name: r3 users: [ci-*] repositories: [web/x] allow: ['*']");
  });

  it('drops a rule that is never reached', async () => {
    const { notes } = await modernised([
      { name: 'first', everyone: true, repositories: ALL, allow: ['pull'] },
      { name: 'second', users: ['bob'], repositories: ['a/*'], allow: ['*'] },
    ]);

    expect(notes).toEqual([
      'first: kept: as it is',
      'second: dropped: never decides: "first" in line 1 always comes first',
    ]);
  });

  it('drops a rule that is never reached, although its match has no plain pattern', async () => {
    const { found, notes } = await modernised([
      { name: 'all', users: ['*'], repositories: ALL, allow: ['pull'] },
      { name: 'vips', everyone: true, match: { labels: { 'attr:title': 'VIP' } }, repositories: ALL, allow: ['*'] },
    ]);

    expect(found.kind).toBe('proposed');
    expect(notes[1]).toBe('vips: dropped: never decides: "all" in line 1 always comes first');
  });

  it('keeps the part of a rule that anonymous can match', async () => {
    const { found } = await modernised([
      { name: 'all', users: ['*'], repositories: ALL, allow: ['pull'] },
      { name: 'rest', everyone: true, match: { name: '/^[a-f]+$/' }, repositories: ALL, allow: ['pull'] },
    ]);

    expect(found.kind).toBe('left');
  });

  it.each([
    [{ account: '/^(?:alice|bob)$/' }, { users: ['*'] }, "users: [alice, bob] repositories: ['**']"],
    [{ account: '/ops/' }, { users: ['*'] }, "users: ['*ops*'] repositories: ['**']"],
    [
      { account: '/^ci-/', service: '/^eu\\./' },
      { everyone: true },
      "users: [ci-*] services: [eu.*] repositories: ['**']",
    ],
    [{ account: '' }, { everyone: true, users: undefined }, ''],
    [{ name: '/^web/' }, { users: ['*'] }, "users: ['*'] repositories: [web*/**]"],
    [{ name: '/^web\\/.+$/' }, { users: ['*'] }, "users: ['*'] repositories: [web/*/**]"],
    [{ name: '/^(a|b)/x$/' }, { users: ['*'] }, "users: ['*'] repositories: [a/x, b/x]"],
    [{ name: '/^w.*p$/' }, { users: ['*'] }, "users: ['*'] repositories: [w*p, w*/**/*p]"],
    [{ name: '/-test$/' }, { users: ['*'] }, "users: ['*'] repositories: ['**/*-test']"],
    [{ labels: { 'group:team': 'web' } }, { everyone: true }, "groups: [team:web] repositories: ['**']"],
  ])('has plain patterns for match %j', async (match, who, expected) => {
    const rules = await rulesOf([{ ...who, match, repositories: ALL, allow: ['pull'] }]);

    const anonymous = "everyone: true except: users: ['*'] repositories: ['**']";
    expect(rules).toEqual([`- name: r1 ${expected === '' ? anonymous : expected} allow: [pull]`]);
  });

  it('drops a rule for a name that no repository can have', async () => {
    const { notes } = await modernised([
      { name: 'loud', users: ['*'], match: { name: '/^Web\\//' }, repositories: ALL, allow: ['pull'] },
    ]);

    expect(notes).toEqual(['loud: dropped: no request matches it']);
  });
});

describe('a policy for which nothing is proposed', () => {
  it.each([
    [{ name: '${account}/*' }, 'compares letter by letter'],
    [{ name: '/^[a-f]+$/' }, 'says more than plain patterns can'],
    [{ name: '/^web.+$/' }, 'says more than plain patterns can'],
    [{ account: '/^Alice$/' }, 'upper-case letters'],
    [{ account: 'a*' }, 'stops at a slash'],
    [{ account: '/^x[^/]*$/' }, 'says more than plain patterns can'],
    [{ labels: { 'attr:title': 'boss' } }, 'only one condition, on groups'],
    [{ labels: { group: 'a' }, account: 'bob' }, 'a user and a group at once'],
  ])('is reported with the reason for match %j', async (match, reason) => {
    const { found, notes } = await modernised([
      { name: 'r', users: ['*'], match, repositories: ALL, allow: ['pull'] },
      { name: 'fine', everyone: true, ...PULL },
    ]);

    expect(found.kind).toBe('left');
    expect(notes.filter((note) => note.startsWith('r: stuck: '))).toEqual([expect.stringContaining(reason)]);
  });

  it('is reported with both rules where neither an exception nor a denial is exact', async () => {
    const { found, notes } = await modernised([
      { name: 'bots', users: ['ci-*'], repositories: ['*/build'], allow: ['*'] },
      { name: 'teams', groups: ['web-{x}'], repositories: ['{x}/**'], allow: ['pull'] },
      { name: 'all', users: ['*'], repositories: ALL, allow: ['pull', 'push'] },
    ]);

    expect(found.kind).toBe('left');
    expect(notes).toEqual([
      expect.stringMatching(/^all: stuck: "teams" in line 1 comes first .* does not grant push;/),
    ]);
  });

  it.each<[string, object]>([
    ['names', { users: ['robot:web-ci'] }],
    ['excepts', { everyone: true, except: { users: ['robot:*'] } }],
  ])('is left to a person when a rule %s a robot', async (_how, who) => {
    const rules = [
      { name: 'builds', ...who, repositories: ALL, allow: ['push'] },
      { name: 'all', users: ['*'], repositories: ALL, allow: ['pull'] },
    ];

    expect((await modernised(rules)).found).toMatchObject({
      kind: 'left',
      reason: expect.stringContaining('the rule "builds" names a robot') as string,
    });
  });

  it('is reported when it has more rules than can be compared', async () => {
    const many = Array.from({ length: MAX_RULES + 1 }, (_, at) => ({ name: `r${at}`, everyone: true, ...PULL }));

    expect((await modernised(many)).found).toMatchObject({
      kind: 'left',
      reason: expect.stringMatching(/1001 rules/) as string,
    });
  });
});

describe('the reference configuration of docker_auth', () => {
  it('decides the same on the grid of its import, without order', async () => {
    const path = resolve(import.meta.dirname, '../../../golden/docker-auth/reference.yml');
    const source = (await readFile(path, 'utf8')).replaceAll(/^ +(?:certificate|key): .*\n/gm, '');
    await using made = await imported(source, {}, ['Docker registry']);

    const { after, notes } = await modernised(made.text('policy.yaml'));
    if (after === undefined) throw new Error(notes.join('\n'));
    const decisions = compareDecisions(made.result, after);

    expect(after.evaluation).toBe('union');
    expect(decisions.length).toBeGreaterThan(900);
    // Without an order, `*` is granted as all the actions that the rules grant.
    const literal = decisions.filter(({ request }) => request.type === 'registry' || !request.actions.includes('*'));
    expect(literal.filter(({ same }) => !same)).toEqual([]);
  });
});
