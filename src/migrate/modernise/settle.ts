/**
 * Makes a list of rules, of which the first that matches decides, into rules whose order does not matter.
 *
 * The argument. A rule may give up requests that are also for an earlier one: it never decides those. When that is done,
 * let f be the first rule that matches a request. The union grants what f grants if every later rule that can match the
 * same request grants nothing besides, or what it grants besides is denied to whom f is for; and if no rule that f is
 * followed by denies what f grants. Each of these is shown for all pairs of rules, or the list is left as it is.
 */
import { ACTIONS } from '../../core/access.ts';
import type { Action } from '../../core/access.ts';
import { areDisjoint, covers, isEmpty, without } from './domain.ts';
import type { Domain } from './domain.ts';

/** A rule for repositories or for the catalog; one that is for both is two of them. */
export interface OrderedRule {
  /** The place in the file. */
  readonly index: number;
  readonly domain: Domain;
  /** All actions that it lets pass; none for one that denies. */
  readonly grants: ReadonlySet<Action>;
}

export interface SettledRule extends OrderedRule {
  /** Whether what it grants is written as a rule of its own. */
  readonly allows: boolean;
  /** What must be denied to whom it is for. */
  readonly denies: ReadonlySet<Action>;
  /** The places of the rules whose requests it has given up. */
  readonly gaveUp: readonly number[];
  /** The place of the rule that is always before it. */
  readonly behind: number | undefined;
}

export interface Conflict {
  readonly earlier: number;
  readonly later: number;
  readonly actions: readonly Action[];
}

export type Settlement =
  | { readonly kind: 'settled'; readonly rules: readonly SettledRule[] }
  | { readonly kind: 'conflicts'; readonly conflicts: readonly Conflict[] };

type Draft = { -readonly [Key in keyof SettledRule]: SettledRule[Key] };

export function settle(rules: readonly OrderedRule[]): Settlement {
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
  for (const [at, rule] of live.entries()) conflicts.push(...settleOne(rule, live.slice(0, at), live.slice(at + 1)));
  // Rules behind have given up more since: what was denied before may not be any longer, and is checked once more.
  conflicts.push(...unproven(live));
  return conflicts.length > 0
    ? { kind: 'conflicts', conflicts: unique(conflicts) }
    : { kind: 'settled', rules: drafts };
}

/** Rules behind one that is for all of their requests never decide. */
function dropHidden(drafts: readonly Draft[]): void {
  for (const [at, rule] of drafts.entries()) {
    const first = drafts.slice(0, at).find(({ domain, behind }) => behind === undefined && covers(domain, rule.domain));
    if (first !== undefined) {
      rule.behind = first.index;
      rule.allows = false;
    }
  }
}

function settleOne(rule: Draft, before: readonly Draft[], after: readonly Draft[]): readonly Conflict[] {
  const wider = (): readonly Draft[] => after.filter((later) => grantsBesides(rule, later).size > 0);
  if (wider().length === 0) return [];
  // A rule that denies is best kept as one that denies; one that allows, by excepting those whom it is for.
  if (rule.grants.size === 0 && denyBesides(rule, before, wider())) return [];
  for (const later of wider()) {
    const rest = without(rule.domain, later.domain);
    if (rest === undefined) continue;
    later.domain = rest;
    later.gaveUp = [...later.gaveUp, rule.index];
  }
  const left = wider();
  if (left.length === 0 || denyBesides(rule, before, left)) return [];
  return left.map((later) => conflict(rule, later));
}

/** What the later rule would add to requests that the earlier one decides. */
function grantsBesides(earlier: Draft, later: Draft): ReadonlySet<Action> {
  if (!later.allows || isEmpty(later.domain)) return new Set();
  const besides = later.grants.difference(earlier.grants);
  return besides.size === 0 || areDisjoint(earlier.domain, later.domain) ? new Set() : besides;
}

/** Whether what later rules would add can be denied, which must not take anything from those before. */
function denyBesides(rule: Draft, before: readonly Draft[], later: readonly Draft[]): boolean {
  const needed = new Set(later.flatMap((one) => [...grantsBesides(rule, one)]));
  const named = needed.size > 1 ? needed.difference(new Set<Action>(['*'])) : needed;
  // Denying * is denying all.
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

/** Any denial at all takes `*` from those who have it. */
function takesFrom(denies: ReadonlySet<Action>, { grants, allows }: Draft): boolean {
  return allows && denies.size > 0 && (grants.has('*') || !denies.isDisjointFrom(grants));
}

/** The pairs for which the argument at the head of this file does not hold. */
function unproven(rules: readonly Draft[]): readonly Conflict[] {
  return rules.flatMap((first, at) =>
    rules.slice(at + 1).flatMap((later) => {
      const added = grantsBesides(first, later);
      const kept = new Set(first.denies.has('*') ? [] : added.difference(first.denies));
      // Where something is denied, nobody has `*`.
      if (first.denies.size > 0) kept.delete('*');
      const isTaken = takesFrom(later.denies, first) && !areDisjoint(first.domain, later.domain);
      return kept.size > 0 || isTaken ? [conflict(first, later)] : [];
    }),
  );
}

function conflict(earlier: Draft, later: Draft): Conflict {
  return { earlier: earlier.index, later: later.index, actions: [...later.grants.difference(earlier.grants)] };
}

function unique(conflicts: readonly Conflict[]): readonly Conflict[] {
  return [...new Map(conflicts.map((one) => [`${one.earlier} ${one.later}`, one])).values()];
}
