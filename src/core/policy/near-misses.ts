/**
 * Rules that nearly allowed a request: rules for the same repository and other callers, for the same caller and other
 * repositories, or with a condition that does not hold. They show a misspelt name.
 */
import type { Action, Grant } from '../access.ts';
import { askersOf } from './asker.ts';
import type { Asker } from './asker.ts';
import { bindingsFor } from './bindings.ts';
import { filled } from './imagined.ts';
import { placeholderValues } from './placeholder-values.ts';
import type { Policy } from './policy.ts';
import type { Rule } from './rule.ts';
import { repositorySegments } from './repository-pattern.ts';
import type { Situation } from './situation.ts';
import { whoText } from './who-text.ts';

export interface NearMiss {
  readonly rule: string;
  readonly file: string;
  readonly line: number;
  /** The actions that were asked for and not granted, and that the rule allows. */
  readonly actions: readonly Action[];
  /** Why the rule does not apply: `others`, `elsewhere`, or the word of a condition. */
  readonly because: string;
  /** What the rule is for: `others`: callers; `elsewhere`: repositories; else what the condition names. */
  readonly expected: readonly string[];
  /** Continues a sentence after the actions that the rule allows: ` here, but from 10.0.0.0/8`. */
  readonly phrase: string;
}

const MAX_LISTED = 10;
/** Most rules are for other repositories; a few of them show where the caller has access. */
const MAX_ELSEWHERE = 3;

export function nearMisses(
  policy: Policy,
  situation: Situation,
  { asked, granted, because }: Grant,
): readonly NearMiss[] {
  const segments = asked.type === 'repository' ? repositorySegments(asked.name) : undefined;
  if (segments === undefined) return [];
  // The reasons of the decision already show what one rule allows and another one denies.
  const explained = new Set<string>([
    ...granted,
    ...because.flatMap(({ effect, actions }) => (effect === 'allow' ? actions : [])),
  ]);
  const missing = explained.has('*') ? [] : asked.actions.filter((action) => !explained.has(action));
  if (missing.length === 0) return [];
  const reasons = new Set(because.map(({ rule, line }) => `${line} ${rule}`));
  const misses: NearMiss[] = [];
  for (const rule of policy.rules) {
    const actions = rule.actions.filter((action) => action === '*' || missing.includes(action));
    if (rule.effect !== 'allow' || actions.length === 0 || reasons.has(`${rule.line} ${rule.name}`)) continue;
    const reason = reasonOf(rule, situation, segments);
    if (reason !== undefined) misses.push({ rule: rule.name, file: rule.file, line: rule.line, actions, ...reason });
  }
  return [
    ...misses
      .filter(({ because: why }) => why !== 'elsewhere')
      .toSorted((a, b) => distance(a) - distance(b))
      .slice(0, MAX_LISTED),
    ...misses.filter(({ because: why }) => why === 'elsewhere').slice(0, MAX_ELSEWHERE),
  ];
}

/** A rule for the caller and the repository is nearer than one for other callers. */
function distance({ because }: NearMiss): number {
  return because === 'others' ? 1 : 0;
}

type Reason = Pick<NearMiss, 'because' | 'expected' | 'phrase'>;

function reasonOf(rule: Rule, situation: Situation, segments: readonly string[]): Reason | undefined {
  const { caller } = situation;
  const fits = rule.repositories.flatMap((pattern) => placeholderValues(pattern, segments));
  const isForCaller = bindingsFor(rule.who, caller).length > 0;
  if (fits.length === 0) {
    const places = rule.repositories.map(({ text }) => text);
    return isForCaller && places.length > 0
      ? { because: 'elsewhere', expected: places, phrase: `, but in ${places.join(' or ')}` }
      : undefined;
  }
  if (!isForCaller || !hasValues(rule, caller, fits)) {
    const who = askersOf(rule.who).flatMap((asker) =>
      fits.filter((values) => canGive(asker, values)).map((values) => whoText(asker, 'sentence', values)),
    );
    if (who.length === 0) return undefined;
    const expected = [...new Set(who)];
    return { because: 'others', expected, phrase: ` here to ${expected.join(' or ')}` };
  }
  const failed = rule.conditions.find((condition) => !condition.holds(situation, segments.join('/')));
  if (failed === undefined) return undefined;
  const { because, values, nearMiss } = failed.phrases;
  return { because, expected: values, phrase: ` here, but ${nearMiss} ${values.join(' or ')}` };
}

/** Whether a name gives the values: `{org}-{team}` takes `web` from `web-shop-dev`, so no name gives `web-shop`. */
function canGive(asker: Asker, values: ReadonlyMap<string, string>): boolean {
  if (asker.kind === 'everyone') return true;
  const captured = asker.pair.folded.match(values.get(asker.kind) ?? filled(asker.pair, values));
  return captured !== undefined && [...captured].every(([name, value]) => (values.get(name) ?? value) === value);
}

/** Whether the caller has the values that the repository requires. */
function hasValues(rule: Rule, caller: Situation['caller'], fits: readonly ReadonlyMap<string, string>[]): boolean {
  return bindingsFor(rule.who, caller).some((binding) =>
    fits.some((values) => [...values].every(([name, value]) => binding.values(name).includes(value))),
  );
}
