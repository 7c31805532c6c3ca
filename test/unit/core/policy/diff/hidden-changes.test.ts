/** Changes of decisions that are hard to find. */
import { describe, expect, it } from 'vitest';
import { compareByClasses } from '../../../../../src/core/policy/diff/classes.ts';
import { hiddenChanges } from '../../../../support/hidden-changes.ts';
import { ask, policyOf } from '../../../../support/policy-builder.ts';

describe.each(hiddenChanges)('for $title', ({ before, after, evaluation, asker, scope }) => {
  const [old, next] = [policyOf(before, {}, evaluation), policyOf(after, {}, evaluation)];

  it('the two policies decide the request differently', () => {
    expect(ask(old, asker, scope).granted).not.toEqual(ask(next, asker, scope).granted);
  });

  it('the comparison does not report that no decision changes', () => {
    const { classes, complete } = compareByClasses(old, next);

    expect(classes.length === 0 && complete).toBe(false);
  });
});
