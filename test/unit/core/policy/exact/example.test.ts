/** The examples that a comparison shows. */
import { describe, expect, it } from 'vitest';
import { compareByClasses } from '../../../../../src/core/policy/diff/classes.ts';
import { policyOf } from '../../../../support/policy-builder.ts';
import type { RuleText } from '../../../../support/policy-builder.ts';

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

  it('is anonymous where a rule is for everyone', () => {
    expect(exampleFor({ everyone: true, repositories: ['a/*'], allow: ['pull'] })).toBe('anonymous: a/x');
  });

  it('is a request for the catalog where only the catalog changes', () => {
    expect(exampleFor({ groups: ['G*'], repositories: [], catalog: true, allow: ['*'] })).toBe('x Gy: catalog');
  });
});
