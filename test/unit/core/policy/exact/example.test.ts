/** The examples that a comparison shows. */
import { describe, expect, it } from 'vitest';
import { groupName } from '../../../../../src/core/groups.ts';
import { compareByClasses } from '../../../../../src/core/policy/diff/classes.ts';
import { smallest } from '../../../../../src/core/policy/exact/example.ts';
import type { Request } from '../../../../../src/core/policy/exact/search.ts';
import { wordsFor } from '../../../../../src/core/policy/exact/words.ts';
import type { Scope } from '../../../../../src/core/scope.ts';
import { policyOf, situationOf } from '../../../../support/policy-builder.ts';
import type { Asker, RuleText } from '../../../../support/policy-builder.ts';

/** The example for what the last rule changes, as `user group,group attribute: repository`. */
function exampleFor(...rules: readonly RuleText[]): string {
  const [found] = compareByClasses(policyOf(rules.slice(0, -1)), policyOf(rules)).classes;
  if (found === undefined) return 'none';
  const { asked, situation } = found.example;
  if (situation.caller.kind === 'anonymous') return `anonymous: ${asked.name}`;
  const { username, groups, attributes } = situation.caller.identity;
  return [username, [...groups].join(), ...attributes.values()].join(' ').trimEnd() + `: ${asked.name}`;
}

const PULL: RuleText = { users: ['*'], repositories: ['x'], allow: ['pull'] };

describe('an example', () => {
  it('has the first words in the order in which they appear', () => {
    expect(exampleFor({ ...PULL, repositories: ['*/a-*/*'] })).toBe('x: y/a-z/q');
    expect(exampleFor({ ...PULL, users: ['*-{t}'], repositories: ['{t}/*'] })).toBe('x-y: y/z');
    expect(exampleFor({ ...PULL, repositories: ['*/{attr:team}-*'] })).toBe('x  y: z/y-q');
    expect(exampleFor({ ...PULL, groups: ['{t}A{u}'], users: [], repositories: ['{u}'] })).toBe('x yAz: z');
  });

  it('has names in lower case where they need not be written otherwise', () => {
    const denial = (user: string): RuleText => ({ users: [user], repositories: ['web'], deny: ['push'] });
    const own: RuleText = { users: ['{t}'], repositories: ['{t}'], allow: ['push'] };
    const denied: RuleText = { groups: ['Ops'], repositories: ['web'], deny: ['push'] };

    expect(exampleFor(denial('web2'), own, denied)).toBe('web Ops: web');
    expect(exampleFor(denial('web'), own, denied)).toBe('WEB Ops: web');
    expect(
      exampleFor(
        { groups: ['web2'], repositories: ['web'], deny: ['push'] },
        { ...own, users: [], groups: ['{t}'] },
        { ...denied, groups: [], users: ['Ops'] },
      ),
    ).toBe('Ops web: web');
  });

  it('has a number for a wildcard in a port', () => {
    expect(exampleFor({ ...PULL, repositories: ['host:*/*'] })).toBe('x: host:1/y');
  });

  it('is anonymous where a rule is for everyone', () => {
    expect(exampleFor({ everyone: true, repositories: ['a/*'], allow: ['pull'] })).toBe('anonymous: a/x');
  });

  it('is a request for the catalog where only the catalog changes', () => {
    expect(exampleFor({ groups: ['G*'], repositories: [], catalog: true, allow: ['*'] })).toBe('x Gy: catalog');
  });
});

describe('the smallest example', () => {
  const words = wordsFor([]);
  const find = (asked: Scope, isExample: (one: Request) => boolean, asker: Asker = {}): Request =>
    smallest({ situation: situationOf(asker), asked }, 'pull', { isExample }, words);
  const repository = (name: string): Scope => ({ type: 'repository', name, actions: ['pull'] });

  it('has no segment without which it is an example as well', () => {
    expect(find(repository('a/b/c/d'), ({ asked }) => /(^|\/)b.*d$/.test(asked.name)).asked).toEqual(repository('b/d'));
    expect(find(repository('a/b'), () => true).asked).toEqual(repository('b'));
    expect(find(repository('a/b'), ({ asked }) => asked.name === 'a/b').asked).toEqual(repository('a/b'));
  });

  it('has no group without which it is an example as well', () => {
    const { situation } = find(
      repository('a'),
      ({ situation: { caller } }) => caller.kind === 'user' && caller.identity.groups.size > 1,
      {
        user: 'u',
        groups: ['c', 'd', 'e'],
      },
    );

    expect(situation.caller).toMatchObject({ identity: { groups: new Set(['c', 'd']) } });
  });

  it('keeps the name of the catalog', () => {
    const catalog: Scope = { type: 'registry', name: 'a/b', actions: ['*'] };

    expect(find(catalog, () => true).asked).toEqual(catalog);
  });

  it('has each name in lower case with which it is an example as well', () => {
    const isExample = ({ situation: { caller } }: Request): boolean =>
      caller.kind === 'user' && caller.identity.groups.has(groupName('WEB', { lowercase: false }));

    expect(find(repository('1'), isExample, { user: 'ANN', groups: ['WEB', 'OPS'] }).situation.caller).toMatchObject({
      identity: { username: 'ann', groups: new Set(['WEB']) },
    });
  });
});
