/** Text that both outputs of `fairlead diff` share. */
import type { Reason } from '../../core/access.ts';
import type { Difference } from '../../core/policy/diff/difference.ts';

/** A policy with the file it was read from, as the output names it. */
export interface NamedPolicy {
  readonly file: string;
  readonly revision: string;
}

/** The reasons of the older and of the newer policy. */
export function reasonLines({ before, after }: Pick<Difference, 'before' | 'after'>): readonly string[] {
  return [`  old: ${because(before)}`, `  new: ${because(after)}`];
}

function because(reasons: readonly Reason[]): string {
  if (reasons.length === 0) return 'no rule speaks of it';
  const said = reasons.map(({ rule, file, line, effect, actions }) => {
    const verb = { allow: 'allows', deny: 'denies', skipped: 'would speak of' }[effect];
    return `"${rule}" (${file}:${line}) ${verb} ${actions.join(', ')}`;
  });
  return said.join('; ');
}

export function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
