/** Changes of decisions that are hard to find. */
import { describe, expect, it } from 'vitest';
import { decide } from '../../../../../src/core/policy/decide.ts';
import { compareByClasses } from '../../../../../src/core/policy/diff/classes.ts';
import { hiddenChanges } from '../../../../support/hidden-changes.ts';
import { ask, policyOf } from '../../../../support/policy-builder.ts';

describe.each(hiddenChanges)('for $title', ({ before, after, evaluation, asker, scope }) => {
  const [old, next] = [policyOf(before, {}, evaluation), policyOf(after, {}, evaluation)];

  it('the two policies decide the request differently', () => {
    expect(ask(old, asker, scope).granted).not.toEqual(ask(next, asker, scope).granted);
  });

  it('the comparison shows a request that they decide differently', () => {
    const { classes, complete } = compareByClasses(old, next);

    expect([classes.length > 0, complete]).toEqual([true, true]);
    for (const { example, actions } of classes) {
      const [granted, other] = [old, next].map((policy) => decide(policy, example.situation, example.asked).granted);
      expect(actions.every((action) => granted?.includes(action) !== other?.includes(action))).toBe(true);
    }
  });
});
