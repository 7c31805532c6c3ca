/** The results of a search in words: a request, and the proof of an invariant. */
import { formatScope } from '../core/scope.ts';
import type { Scope } from '../core/scope.ts';
import type { Property } from '../core/policy/condition.ts';
import type { Proof } from '../core/policy/invariants.ts';
import type { Situation } from '../core/policy/situation.ts';

/** RFC 3339, in UTC. */
export function timeText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}

/**
 * `user x, in team-web asks repository:web/x:push from 10.0.0.0 for the service one`
 *
 * @param relevant the properties of a request that its decision may depend on
 */
export function requestText(
  { caller, client, service, time }: Situation,
  asked: Scope,
  relevant: ReadonlySet<Property>,
): string {
  const from = client === '' ? '' : ` from ${client}`;
  const to = relevant.has('service') ? ` for the service ${service}` : '';
  const at = relevant.has('time') ? ` at ${timeText(time)}` : '';
  const request = `asks ${formatScope(asked)}${from}${to}${at}`;
  if (caller.kind === 'anonymous') return `anonymous ${request}`;
  const { username, groups, attributes, caseless } = caller.identity;
  const parts = [
    ...(groups.size === 0 ? [] : [`in ${[...groups].join(', ')}`]),
    ...[...attributes].map(([name, values]) => `${name} ${values.join(', ')}`),
    ...(caseless ? ['of a directory'] : []),
  ];
  return `user ${[username, ...parts].join(', ')} ${request}`;
}

/** `PROVED`, `BROKEN: user x, in team-z asks … and is granted it by rule "…" (line 3)`, `OPEN: not proved, because …` */
export function proofText(proof: Proof): string {
  if (proof.kind === 'proved') return 'PROVED';
  if (proof.kind === 'open') return `OPEN: not proved, because ${proof.reasons.join('; and because ')}`;
  const { request, action, relevant, rules, isGranted } = proof;
  const asks = requestText(request.situation, { ...request.asked, actions: [action] }, relevant);
  const by = rules.map(({ name, file, line }) => `rule "${name}" (${file}:${line})`).join(' and ');
  if (isGranted) return `BROKEN: ${asks} and is granted it by ${by}`;
  return `BROKEN: ${asks} and is not granted it: ${by === '' ? 'no rule allows it' : `decided by ${by}`}`;
}
