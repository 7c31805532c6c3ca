/**
 * The one decision function. It is pure and total: it never throws, does no I/O, and does not depend on the order of
 * rules. It grants the union of all allow rules that match, minus all actions of deny rules that match.
 *
 * An imported policy may use first-match evaluation instead: the first rule that matches decides alone. It grants what it
 * allows; a deny rule grants nothing.
 */
import { identityOf } from '../identity.ts';
import { ACTIONS, isAction } from '../access.ts';
import type { Action, Grant, Reason } from '../access.ts';
import type { Caller } from '../identity.ts';
import type { Scope } from '../scope.ts';
import { bindingsFor } from './bindings.ts';
import type { Binding } from './bindings.ts';
import type { Policy } from './policy.ts';
import type { Rule } from './rule.ts';
import { isSegment, matchesRepository, repositorySegments } from './repository-pattern.ts';
import type { RepositoryPattern } from './repository-pattern.ts';
import type { Situation } from './situation.ts';

export function decide(policy: Policy, situation: Situation, asked: Scope): Grant {
  const reasons = reasonsFor(policy, situation, asked);
  if (policy.evaluation === 'union') return { asked, granted: grantedActions(asked, reasons), because: reasons };
  const because = untilFirst(reasons);
  return { asked, granted: grantedByOne(asked, because.at(-1)), because };
}

/** The first rule that matches, and the rules before it that were skipped for lack of a value. */
function untilFirst(reasons: readonly Reason[]): readonly Reason[] {
  const first = reasons.findIndex(({ effect }) => effect !== 'skipped');
  return first < 0 ? reasons : reasons.slice(0, first + 1);
}

/** The actions are compared literally: `*` is an action like any other, unless the rule allows it. */
function grantedByOne(asked: Scope, decisive: Reason | undefined): readonly Action[] {
  if (decisive?.effect !== 'allow') return [];
  if (isCatalog(asked)) return grantedActions(asked, [decisive]);
  const { actions } = decisive;
  return asked.actions.filter(isAction).filter((action) => actions.includes('*') || actions.includes(action));
}

function reasonsFor(policy: Policy, situation: Situation, asked: Scope): readonly Reason[] {
  if (isCatalog(asked)) return catalogReasons(policy, situation);
  if (asked.type !== 'repository') return [];
  const segments = repositorySegments(asked.name);
  return segments === undefined ? [] : repositoryReasons(policy, situation, segments);
}

/** Zot requests the catalog as a repository without a name. */
function isCatalog(asked: Scope): boolean {
  return asked.type === 'registry' ? asked.name === 'catalog' : asked.type === 'repository' && asked.name === '';
}

function catalogReasons(policy: Policy, situation: Situation): readonly Reason[] {
  return policy.catalog.flatMap((rule) => {
    const binding = applies(rule, situation, 'catalog') ? bindingsFor(rule.who, situation.caller)[0] : undefined;
    return binding === undefined ? [] : [reason(rule, rule.effect, binding.via)];
  });
}

function repositoryReasons(policy: Policy, situation: Situation, segments: readonly string[]): readonly Reason[] {
  const identity = identityOf(situation.caller);
  const name = segments.join('/');
  const byRule = new Map<Rule, Reason>();
  for (const { rule, pattern } of policy.repositories.candidates(segments, identity)) {
    const known = byRule.get(rule);
    if (known !== undefined && known.effect !== 'skipped') continue;
    const matched = applies(rule, situation, name) ? matchClause(rule, pattern, situation.caller, segments) : undefined;
    if (matched !== undefined) byRule.set(rule, matched);
  }
  return [...byRule].toSorted(([a], [b]) => a.index - b.index).map(([, found]) => found);
}

function applies({ conditions }: Rule, situation: Situation, name: string): boolean {
  for (const condition of conditions) if (!condition.holds(situation, name)) return false;
  return true;
}

function matchClause(
  rule: Rule,
  pattern: RepositoryPattern,
  caller: Caller,
  segments: readonly string[],
): Reason | undefined {
  let skipped: Reason | undefined;
  for (const binding of bindingsFor(rule.who, caller)) {
    if (pattern.placeholders.length === 0) return reason(rule, rule.effect, binding.via);
    const note = invalidValue(pattern, binding);
    if (note !== undefined) skipped ??= { ...reason(rule, 'skipped', binding.via), note };
    if (bindingFits(pattern, segments, binding)) return reason(rule, rule.effect, binding.via);
  }
  return skipped;
}

/** Whether the pattern matches with the values that the binding gives. */
export function bindingFits(pattern: RepositoryPattern, segments: readonly string[], binding: Binding): boolean {
  return matchesWithSomeValues(pattern, segments, binding, pattern.placeholders, new Map());
}

/** An attribute may have several values, of which one must match. A value that is not a segment matches nothing. */
function matchesWithSomeValues(
  pattern: RepositoryPattern,
  segments: readonly string[],
  binding: Binding,
  [name, ...others]: readonly string[],
  chosen: ReadonlyMap<string, string>,
): boolean {
  if (name === undefined) return matchesRepository(pattern, segments, chosen);
  return binding
    .values(name)
    .some(
      (value) =>
        isSegment(value) && matchesWithSomeValues(pattern, segments, binding, others, new Map(chosen).set(name, value)),
    );
}

function invalidValue(pattern: RepositoryPattern, binding: Binding): string | undefined {
  for (const name of pattern.placeholders) {
    const values = binding.values(name);
    if (values.length === 0) return `the user has no {${name}}`;
    const bad = values.find((value) => !isSegment(value));
    if (bad !== undefined) return `{${name}} is ${JSON.stringify(bad)}, which cannot be part of a repository name`;
  }
  return undefined;
}

function reason(rule: Rule, effect: Reason['effect'], via: string): Reason {
  return { rule: rule.name, file: rule.file, line: rule.line, effect, actions: rule.actions, via };
}

function grantedActions(asked: Scope, reasons: readonly Reason[]): readonly Action[] {
  const allowed = actionsOf(reasons, 'allow');
  const denied = actionsOf(reasons, 'deny');
  if (allowed.length === 0) return [];
  if (asked.type === 'registry') {
    // The registry asks for the literal `*`; `search` and other words mean nothing to it.
    return asked.actions.includes('*') && denied.length === 0 ? ['*'] : [];
  }
  if (asked.name === '') return asked.actions.includes('pull') && denied.length === 0 ? ['pull'] : [];
  const holds = (action: Action): boolean =>
    action === '*'
      ? allowed.includes('*') && denied.length === 0
      : (allowed.includes(action) || allowed.includes('*')) && !denied.includes(action) && !denied.includes('*');
  const requested = asked.actions.includes('*') ? ACTIONS : asked.actions.filter(isAction);
  return requested.filter(holds);
}

function actionsOf(reasons: readonly Reason[], effect: 'allow' | 'deny'): readonly Action[] {
  return reasons.flatMap((found) => (found.effect === effect ? found.actions : []));
}
