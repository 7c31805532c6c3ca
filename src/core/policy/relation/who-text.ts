/** Who a rule speaks of, in words. */
import type { Asker } from './who.ts';

/**
 * `members of team-web`, `user alice`, `any user`, `anybody, also without a login`.
 *
 * @param values what captures stand for; those without a value are shown as written
 */
export function whoText(asker: Asker, values: ReadonlyMap<string, string>): string {
  if (asker.kind === 'everyone') return 'anybody, also without a login';
  const shown = asker.pair.exact.text.replaceAll(/\{([^{}]*)\}/g, (text, name: string) => values.get(name) ?? text);
  if (asker.kind === 'group') {
    const group = values.get('group') ?? shown;
    return group.includes('*') ? `members of any group named ${group}` : `members of ${group}`;
  }
  const named = values.get('user') ?? shown;
  return named === '*' ? 'any user' : named.includes('*') ? `users named ${named}` : `user ${named}`;
}
