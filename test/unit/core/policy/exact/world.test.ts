/** What a search takes from the policies before it starts. */
import { describe, expect, it } from 'vitest';
import { createEffort } from '../../../../../src/core/policy/exact/effort.ts';
import { worldOf } from '../../../../../src/core/policy/exact/world.ts';
import type { Form } from '../../../../../src/core/policy/exact/world.ts';
import { policyOf } from '../../../../support/policy-builder.ts';
import type { RuleText } from '../../../../support/policy-builder.ts';

function world(rules: readonly RuleText[], forms?: readonly Form[]) {
  const policy = policyOf(rules.map((rule) => ({ repositories: ['x'], allow: ['pull'], ...rule })));
  return worldOf([policy], createEffort(), { forms });
}

describe('a search tries', () => {
  it('names with case only, if no pattern has an upper-case letter', () => {
    expect(world([{ users: ['a*'], groups: ['b'] }]).forms).toEqual(['exact']);
    expect(world([{ users: ['a*'], except: { groups: ['b'] } }]).forms).toEqual(['exact']);
  });

  it('names with and without case, if one of the patterns has an upper-case letter', () => {
    expect(world([{ users: ['a*', 'B'] }]).forms).toEqual(['exact', 'folded']);
    expect(world([{ users: ['a*'], except: { groups: ['b', 'Ops'] } }]).forms).toEqual(['exact', 'folded']);
  });

  it('names as the configured sources of users compare them', () => {
    expect(world([{ users: ['a*'] }], ['folded']).forms).toEqual(['folded']);
    expect(world([{ users: ['a*'] }], ['folded', 'exact']).forms).toEqual(['exact']);
    expect(world([{ users: ['A*'] }], ['exact']).forms).toEqual(['exact']);
  });

  it('the separators of patterns with a capture and several wildcards, one and two of them in each order', () => {
    expect(world([{ users: ['{a}-{b}.*'] }, { users: ['*+*', 'x{a}y', 'a'] }]).separators).toEqual([
      ['-'],
      ['.'],
      ['-', '-'],
      ['-', '.'],
      ['.', '-'],
      ['.', '.'],
    ]);
  });

  it('one segment more than the longest pattern has', () => {
    expect(world([{ users: ['a'], repositories: ['a/b/c', 'd'] }]).deepest).toBe(4);
  });
});
