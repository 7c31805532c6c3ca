/**
 * Rules that nearly allowed what was asked: those for this repository and other people, and those for these people and
 * other repositories. They are what somebody looks for who has misspelt one of the two.
 */
import type { Action, Grant } from '../access.ts';
import { bindingsFor } from './bindings.ts';
import type { Situation } from './decide.ts';
import { placeholderValues } from './placeholder-values.ts';
import type { Policy } from './policy.ts';
import type { Rule } from './rule.ts';
import { whoText } from './relation/who-text.ts';
import { askersOf } from './relation/who.ts';
import { repositorySegments } from './repository-pattern.ts';

export interface NearMiss {
  readonly rule: string;
  readonly file: string;
  readonly line: number;
  /** Of what was asked and not granted, what the rule allows. */
  readonly actions: readonly Action[];
  /** What kept the rule from applying. */
  readonly because: 'others' | 'elsewhere' | 'excepted' | 'service' | 'client' | 'condition';
  /** `others`: who they are; `elsewhere`: the repositories; `excepted`: whom; else what the rule asks for. */
  readonly wanted: readonly string[];
}

const MOST = 10;
/** Most rules are about other repositories, and a few of them are enough to see that. */
const MOST_ELSEWHERE = 3;

export function nearMisses(
  policy: Policy,
  situation: Situation,
  { asked, granted, because }: Grant,
): readonly NearMiss[] {
  const segments = asked.type === 'repository' ? repositorySegments(asked.name) : undefined;
  if (segments === undefined) return [];
  // What a rule allows and another denies is told by those two.
  const settled = new Set<string>([
    ...granted,
    ...because.flatMap(({ effect, actions }) => (effect === 'allow' ? actions : [])),
  ]);
  const missing = settled.has('*') ? [] : asked.actions.filter((action) => !settled.has(action));
  if (missing.length === 0) return [];
  const told = new Set(because.map(({ rule, line }) => `${line} ${rule}`));
  const misses: NearMiss[] = [];
  for (const rule of policy.rules) {
    const actions = rule.actions.filter((action) => action === '*' || missing.includes(action));
    if (rule.effect !== 'allow' || actions.length === 0 || told.has(`${rule.line} ${rule.name}`)) continue;
    const reason = reasonOf(rule, situation, segments);
    if (reason !== undefined) misses.push({ rule: rule.name, file: rule.file, line: rule.line, actions, ...reason });
  }
  const order = ['excepted', 'service', 'client', 'condition', 'others', 'elsewhere'];
  const sorted = misses.toSorted((a, b) => order.indexOf(a.because) - order.indexOf(b.because));
  const nearest = sorted.filter(({ because: why }) => why !== 'elsewhere').slice(0, MOST);
  const elsewhere = sorted.filter(({ because: why }) => why === 'elsewhere').slice(0, MOST_ELSEWHERE);
  return [...nearest, ...elsewhere];
}

type Because = Pick<NearMiss, 'because' | 'wanted'>;

function reasonOf(
  rule: Rule,
  { caller, service, client }: Situation,
  segments: readonly string[],
): Because | undefined {
  const fits = rule.repositories.flatMap((pattern) => placeholderValues(pattern, segments));
  const isAbout = bindingsFor(rule.who, caller).length > 0;
  if (fits.length === 0) {
    const places = rule.repositories.map(({ text }) => text);
    return isAbout && places.length > 0 ? { because: 'elsewhere', wanted: places } : undefined;
  }
  if (!isAbout || !canBeThese(rule, caller, fits)) {
    const who = askersOf(rule.who).flatMap((asker) => fits.map((values) => whoText(asker, values)));
    return { because: 'others', wanted: [...new Set(who)] };
  }
  const { except, services, clients } = rule;
  if (except !== undefined && bindingsFor(except, caller).length > 0) {
    return { because: 'excepted', wanted: askersOf(except).map((asker) => whoText(asker, new Map())) };
  }
  if (services !== undefined && !services.some((pattern) => pattern.match(service) !== undefined)) {
    return { because: 'service', wanted: services.map(({ text }) => text) };
  }
  if (clients !== undefined && !clients.some((range) => range.contains(client))) {
    return { because: 'client', wanted: clients.map(({ text }) => text) };
  }
  return rule.match === undefined ? undefined : { because: 'condition', wanted: [rule.match.text ?? 'its condition'] };
}

/** Whether the caller has the values that the repository asks for. */
function canBeThese(rule: Rule, caller: Situation['caller'], fits: readonly ReadonlyMap<string, string>[]): boolean {
  return bindingsFor(rule.who, caller).some((binding) =>
    fits.some((values) => [...values].every(([name, value]) => binding.values(name).includes(value))),
  );
}
