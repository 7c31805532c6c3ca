/**
 * Turns rules with first-match evaluation into rules whose order does not matter.
 *
 * The proof. A rule may give up requests that match an earlier rule: it never decides those. After that,
 * let f be the first rule that matches a request. The union grants what f grants if every later rule that can match the
 * same request grants nothing more, or what it grants in addition is denied to the callers of f; and if no later rule
 * denies what f grants. Pairs for which that is not certain are
 * returned as conflicts.
 */
import { ACTIONS } from '../../core/access.ts';
import type { Action } from '../../core/access.ts';
import { areDisjoint, covers, isEmpty, without } from './domain.ts';
import type { Domain } from './domain.ts';

/** A rule for repositories or for the catalog. A rule for both becomes two. */
export interface OrderedRule {
  /** The position in the file. */
  readonly index: number;
  readonly domain: Domain;
  /** All actions that it grants; empty for a deny rule. */
  readonly grants: ReadonlySet<Action>;
}

export interface OrderFreeRule extends OrderedRule {
  /** Whether its grants are written as an allow rule. */
  readonly allows: boolean;
  /** The actions that must be denied for its requests. */
  readonly denies: ReadonlySet<Action>;
  /** The positions of the earlier rules whose requests it no longer matches. */
  readonly gaveUp: readonly number[];
  /** The position of the rule that hides it. */
  readonly behind: number | undefined;
}

export interface Conflict {
  readonly earlier: number;
  readonly later: number;
  readonly actions: readonly Action[];
}

interface OrderFreeResult {
  readonly rules: readonly OrderFreeRule[];
  /** The pairs for which the proof fails; empty: all decisions are the same. */
  readonly conflicts: readonly Conflict[];
}

type Draft = { -readonly [Key in keyof OrderFreeRule]: OrderFreeRule[Key] };

export function makeOrderFree(rules: readonly OrderedRule[]): OrderFreeResult {
  const drafts = rules.map((rule): Draft => ({
    ...rule,
    allows: rule.grants.size > 0,
    denies: new Set(),
    gaveUp: [],
    behind: undefined,
  }));
  dropHidden(drafts);
  const live = drafts.filter(({ behind, domain }) => behind === undefined && !isEmpty(domain));
  const conflicts: Conflict[] = [];
  for (const [at, rule] of live.entries())
    conflicts.push(...makeOneOrderFree(rule, live.slice(0, at), live.slice(at + 1)));
  // Later rules have given up more requests since, so all pairs are checked again.
  conflicts.push(...unproven(live));
  return { rules: drafts, conflicts: unique(conflicts) };
}

/** A rule after a rule that covers it never decides. */
function dropHidden(drafts: readonly Draft[]): void {
  for (const [at, rule] of drafts.entries()) {
    const first = drafts.slice(0, at).find(({ domain, behind }) => behind === undefined && covers(domain, rule.domain));
    if (first !== undefined) {
      rule.behind = first.index;
      rule.allows = false;
    }
  }
}

function makeOneOrderFree(rule: Draft, before: readonly Draft[], after: readonly Draft[]): readonly Conflict[] {
  const wider = (): readonly Draft[] => after.filter((later) => additionalGrants(rule, later).size > 0);
  if (wider().length === 0) return [];
  // A deny rule stays a deny rule if possible. For an allow rule, later rules except its callers.
  if (rule.grants.size === 0 && denyAdditional(rule, before, wider())) return [];
  for (const later of wider()) {
    const rest = without(rule.domain, later.domain);
    if (rest === undefined) continue;
    later.domain = rest;
    later.gaveUp = [...later.gaveUp, rule.index];
  }
  const left = wider();
  if (left.length === 0 || denyAdditional(rule, before, left)) return [];
  return left.map((later) => conflict(rule, later));
}

/** The actions that the later rule adds to requests that the earlier rule decides. */
function additionalGrants(earlier: Draft, later: Draft): ReadonlySet<Action> {
  if (!later.allows || isEmpty(later.domain)) return new Set();
  const additional = later.grants.difference(earlier.grants);
  return additional.size === 0 || areDisjoint(earlier.domain, later.domain) ? new Set() : additional;
}

/** Denies what later rules would add, unless that would deny what earlier rules grant. */
function denyAdditional(rule: Draft, before: readonly Draft[], later: readonly Draft[]): boolean {
  const needed = new Set(later.flatMap((one) => [...additionalGrants(rule, one)]));
  const named = needed.size > 1 ? needed.difference(new Set<Action>(['*'])) : needed;
  // A denial of * denies all actions.
  if (named.has('*') && rule.grants.size > 0) return false;
  const denies: ReadonlySet<Action> = rule.grants.size === 0 ? new Set(ACTIONS) : named;
  const narrowed = { ...rule };
  for (const earlier of before) {
    if (!takesFrom(denies, earlier) || areDisjoint(earlier.domain, narrowed.domain)) continue;
    const rest = without(earlier.domain, narrowed.domain);
    if (rest === undefined) return false;
    narrowed.domain = rest;
    narrowed.gaveUp = [...narrowed.gaveUp, earlier.index];
  }
  rule.denies = denies;
  rule.domain = narrowed.domain;
  rule.gaveUp = narrowed.gaveUp;
  return true;
}

/** A denial of any action denies `*` as well. */
function takesFrom(denies: ReadonlySet<Action>, { grants, allows }: Draft): boolean {
  return allows && denies.size > 0 && (grants.has('*') || !denies.isDisjointFrom(grants));
}

/** The pairs for which the proof at the top of this file fails. */
function unproven(rules: readonly Draft[]): readonly Conflict[] {
  return rules.flatMap((first, at) =>
    rules.slice(at + 1).flatMap((later) => {
      const added = additionalGrants(first, later);
      const remaining = new Set(first.denies.has('*') ? [] : added.difference(first.denies));
      // `*` is granted only if nothing is denied.
      if (first.denies.size > 0) remaining.delete('*');
      const isTaken = takesFrom(later.denies, first) && !areDisjoint(first.domain, later.domain);
      return remaining.size > 0 || isTaken ? [conflict(first, later)] : [];
    }),
  );
}

function conflict(earlier: Draft, later: Draft): Conflict {
  return { earlier: earlier.index, later: later.index, actions: [...later.grants.difference(earlier.grants)] };
}

function unique(conflicts: readonly Conflict[]): readonly Conflict[] {
  return [...new Map(conflicts.map((one) => [`${one.earlier} ${one.later}`, one])).values()];
}
