/**
 * What the rules allow a caller, as patterns of repositories. Fairlead has no list of repositories, so this is the answer
 * to "what may I do?" that needs no name. Rules that deny can take something away: only `decide` knows a repository.
 */
import type { Action } from '../access.ts';
import type { Caller } from '../identity.ts';
import type { Binding } from './bindings.ts';
import { bindingsFor } from './bindings.ts';
import { dependsOnlyOn, isException, requirementsOf } from './condition.ts';
import type { Policy } from './policy.ts';
import { isSegment } from './repository-pattern.ts';
import type { RepositoryPattern, SegmentPattern } from './repository-pattern.ts';
import type { Rule } from './rule.ts';
import { DEFAULT_TIME } from './situation.ts';

interface GrantedPattern {
  /** With the values of the caller in place of placeholders: `web/**`. */
  readonly pattern: string;
  readonly actions: readonly Action[];
  /** The services that the rule is for, of those that were given. */
  readonly services: readonly string[];
  readonly rule: Rule;
  /** What must hold in addition, after `if`: `asked from 10.0.0.0/8`. */
  readonly conditions: readonly string[];
}

interface GrantedPatterns {
  readonly patterns: readonly GrantedPattern[];
  /** Whether there are more. */
  readonly isCut: boolean;
}

const MAX_PATTERNS = 200;

/** @param services the names of the configured services */
export function grantedPatterns(policy: Policy, caller: Caller, services: readonly string[]): GrantedPatterns {
  const found = new Map<string, GrantedPattern>();
  for (const rule of policy.rules) {
    if (rule.effect !== 'allow') continue;
    const own = servicesOf(rule, caller, services);
    if (own.length === 0) continue;
    const conditions = requirementsOf(rule.conditions);
    for (const pattern of patternsOf(rule, caller)) {
      if (found.size >= MAX_PATTERNS) return { patterns: [...found.values()], isCut: true };
      found.set(`${rule.index} ${pattern}`, { pattern, actions: rule.actions, services: own, rule, conditions });
    }
  }
  return { patterns: [...found.values()], isCut: false };
}

/** The services for which no condition excludes the caller whatever else is asked. */
function servicesOf({ conditions }: Rule, caller: Caller, services: readonly string[]): readonly string[] {
  const certain = conditions.filter((condition) => isException(condition) || dependsOnlyOn(condition, 'service'));
  return services.filter((service) =>
    certain.every((condition) => condition.holds({ caller, service, client: '', time: DEFAULT_TIME }, '')),
  );
}

function* patternsOf(rule: Rule, caller: Caller): Generator<string> {
  for (const binding of bindingsFor(rule.who, caller)) {
    for (const pattern of rule.repositories) yield* filledPatterns(pattern, binding, pattern.placeholders, new Map());
  }
}

/** An attribute may have several values. A value that is not a segment matches nothing. */
function* filledPatterns(
  pattern: RepositoryPattern,
  binding: Binding,
  [name, ...others]: readonly string[],
  chosen: ReadonlyMap<string, string>,
): Generator<string> {
  if (name === undefined) return yield pattern.segments.map((segment) => segmentText(segment, chosen)).join('/');
  for (const value of binding.values(name).filter(isSegment))
    yield* filledPatterns(pattern, binding, others, new Map(chosen).set(name, value));
}

function segmentText(segment: SegmentPattern, values: ReadonlyMap<string, string>): string {
  if (segment.kind !== 'wild') return segment.key;
  return segment.parts
    .map((part) => {
      if ('star' in part) return '*';
      return 'literal' in part ? part.literal : (values.get(part.placeholder) ?? '');
    })
    .join('');
}
