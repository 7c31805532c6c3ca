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
  if (reasons.length === 0) return 'no rule matches';
  const texts = reasons.map(({ rule, file, line, effect, actions, note }) => {
    const place = `"${rule}" (${file}:${line})`;
    if (effect === 'skipped') return `${place} does not apply: ${note ?? 'a value is missing'}`;
    return `${place} ${effect === 'allow' ? 'allows' : 'denies'} ${actions.join(', ')}`;
  });
  return texts.join('; ');
}
