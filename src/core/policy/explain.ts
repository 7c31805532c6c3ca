/** A decision and its reasons in sentences. It reads the reasons of the decision and never decides again. */
import type { Grant, Reason } from '../access.ts';
import type { Via } from '../identity.ts';
import type { NearMiss } from './near-misses.ts';
import { formatScope } from '../scope.ts';

/** Each line is lower case and without a full stop; the first is the decision. */
export function explain(grant: Grant, misses: readonly NearMiss[] = [], via?: Via): readonly string[] {
  const granted = grant.granted.length === 0 ? 'nothing' : grant.granted.join(', ');
  const lines = [`${formatScope(grant.asked)} grants ${granted}`];
  if (!grant.because.some(({ effect }) => effect === 'allow'))
    lines.push('  no rule allows it, and what no rule allows is denied');
  return [
    ...lines,
    ...grant.because.map((reason) => `  ${sentence(reason)}`),
    ...(grant.limited === undefined
      ? []
      : [`  the limits of ${credentialText(via)} leave out ${grant.limited.join(', ')}`]),
    ...misses.map((miss) => `  near miss: ${missSentence(miss)}`),
  ];
}

/** `token "laptop" (1f9a0c3b2d4e)`. */
function credentialText(via: Via | undefined): string {
  if (via?.name === undefined) return 'the token';
  return `token "${via.name}"${via.id === '' ? '' : ` (${via.id})`}`;
}

export function missSentence({ rule, file, line, actions, phrase }: NearMiss): string {
  const what = actions.includes('*') ? 'it' : actions.join(', ');
  return `rule "${rule}" (${file}:${line}) allows ${what}${phrase}`;
}

function sentence(reason: Reason): string {
  const where = `rule "${reason.rule}" (${reason.file}:${reason.line})`;
  const actions = reason.actions.join(', ');
  switch (reason.effect) {
    case 'allow':
      return `${where} allows ${actions} for ${reason.via}`;
    case 'deny':
      return `${where} denies ${actions} for ${reason.via}`;
    case 'skipped':
      return `${where} is for ${reason.via}, but does not apply: ${reason.note ?? 'a value is missing'}`;
  }
}
