/** Who a rule is for, in words. */
import { ROBOT_PREFIX } from '../robot-name.ts';
import { isRobots } from './asker.ts';
import type { Asker } from './asker.ts';

/**
 * `sentence`: `members of team-web`, `user alice`, `any user`, `robot web-ci`, `anybody, also without a login`.
 * `pattern`: `group team-*`, `user alice`, `any user`, `robot web-*`, `everyone`: nearly the keys of the policy file.
 */
type WhoStyle = 'sentence' | 'pattern';

const NO_VALUES: ReadonlyMap<string, string> = new Map();

/** @param values the values of captures; a capture without one is shown as written */
export function whoText(asker: Asker, style: WhoStyle, values = NO_VALUES): string {
  if (asker.kind === 'everyone') return style === 'pattern' ? 'everyone' : 'anybody, also without a login';
  const text = asker.pair.exact.text.replaceAll(/\{([^{}]*)\}/g, (whole, name: string) => values.get(name) ?? whole);
  const name = values.get(asker.kind) ?? text;
  if (isRobots(asker)) return robotText(name.slice(ROBOT_PREFIX.length), style);
  if (asker.kind === 'user' && name === '*') return 'any user';
  if (style === 'pattern') return `${asker.kind} ${name}`;
  if (asker.kind === 'group') return name.includes('*') ? `members of any group named ${name}` : `members of ${name}`;
  return name.includes('*') ? `users named ${name}` : `user ${name}`;
}

function robotText(name: string, style: WhoStyle): string {
  if (name === '*') return 'any robot';
  return style === 'sentence' && name.includes('*') ? `robots named ${name}` : `robot ${name}`;
}
