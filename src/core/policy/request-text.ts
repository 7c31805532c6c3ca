/** A request of a search in words. */
import { formatScope } from '../scope.ts';
import type { Scope } from '../scope.ts';
import type { Situation } from './situation.ts';

/** RFC 3339, in UTC. */
export function timeText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}

/** `user x, in team-web asks repository:web/x:push from 10.0.0.0 through one` */
export function requestText({ caller, client, service, time }: Situation, asked: Scope, isTimed: boolean): string {
  const scope = formatScope(asked);
  const at = isTimed ? ` at ${timeText(time)}` : '';
  const place = `${client === '' ? '' : ` from ${client}`} through ${service}${at}`;
  if (caller.kind === 'anonymous') return `anonymous asks ${scope}${place}`;
  const { username, groups, attributes, caseless } = caller.identity;
  const parts = [
    ...(groups.size === 0 ? [] : [`in ${[...groups].join(', ')}`]),
    ...[...attributes].map(([name, values]) => `${name} ${values.join(', ')}`),
    ...(caseless ? ['of a directory'] : []),
  ];
  return `user ${[username, ...parts].join(', ')} asks ${scope}${place}`;
}
