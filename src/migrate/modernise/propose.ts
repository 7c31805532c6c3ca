/** Proposes the same policy with union evaluation. */
import type { RuleDraft } from '../rule-draft.ts';
import type { ReadPolicy } from '../../config/load-policy.ts';
import { plainRule } from '../../config/policy-task.ts';
import type { PlainRule } from '../../config/policy-task.ts';
import { conditionsOf, draftsOf } from './drafts.ts';
import { covers, isEmpty } from './domain.ts';
import type { Domain } from './domain.ts';
import { importedConditions } from './imported-conditions.ts';
import { grantsOf, mayMatchAnonymous, plainDomain } from './plain-rule.ts';
import type { Note, RuleNote } from './rule-note.ts';
import { makeOrderFree } from './order-free.ts';
import type { Conflict, OrderedRule } from './order-free.ts';

interface Proposal {
  /** In the order of the file. */
  readonly notes: readonly RuleNote[];
  /** Undefined: a rule cannot be converted. */
  readonly rules: readonly RuleDraft[] | undefined;
  /** The rules of the policy in their order and in plain words, without those that never decide. */
  readonly ordered: readonly RuleDraft[];
  /** The notes in case that nothing else proves the decisions to be the same; empty: they are proven by patterns. */
  readonly doubts: readonly RuleNote[];
}

/** All pairs of rules are compared. */
export const MAX_RULES = 1000;

/** @param read a policy with first-match evaluation and at most `MAX_RULES` rules */
export function proposeUnion(read: ReadPolicy): Proposal {
  const rules = read.file.rules.map((_, index) => plainRule(read, index));
  const [conversion, proposal, doubts] = [notesOn(rules), notesOn(rules), notesOn(rules)];
  const ordered = orderedRules(read, rules, conversion.note);
  const result = makeOrderFree(ordered.rules);
  for (const conflict of result.conflicts) doubts.note(conflict.later, 'stuck', conflictSentence(conflict, rules));
  const drafts = ordered.isPlain ? draftsOf(result.rules, rules, proposal.note) : undefined;
  const failed = inOrder(conversion, doubts);
  return {
    notes: drafts === undefined ? failed : inOrder(conversion, proposal),
    rules: drafts,
    ordered: ordered.rules.flatMap((rule) => orderedDraft(rule, rules)),
    doubts: result.conflicts.length === 0 ? [] : failed,
  };
}

interface Notes {
  readonly entries: { readonly index: number; readonly note: RuleNote }[];
  readonly note: Note;
}

function notesOn(rules: readonly PlainRule[]): Notes {
  const entries: Notes['entries'] = [];
  return {
    entries,
    note: (index, outcome, message) => {
      const { file = '', line = 0, name: rule = '' } = rules[index] ?? {};
      entries.push({ index, note: { file, line, rule, outcome, message } });
    },
  };
}

function inOrder(...lists: readonly Notes[]): readonly RuleNote[] {
  return lists
    .flatMap(({ entries }) => entries)
    .toSorted((a, b) => a.index - b.index)
    .map(({ note }) => note);
}

function orderedDraft({ index, domain, grants }: OrderedRule, rules: readonly PlainRule[]): readonly RuleDraft[] {
  const rule = rules[index];
  if (rule === undefined || isEmpty(domain)) return [];
  const { name, line, actions } = rule;
  return [{ name, line, ...conditionsOf(domain), ...(grants.size > 0 ? { allow: actions } : { deny: ['*'] }) }];
}

/** The rules in plain words; `isPlain`: all of them. */
function orderedRules(read: ReadPolicy, rules: readonly PlainRule[], note: Note) {
  const ordered: OrderedRule[] = [];
  let isPlain = true;
  for (const [index, rule] of rules.entries()) {
    const parts = partsOf(rule, index, read);
    const first = typeof parts === 'string' ? alwaysBefore(rule, ordered) : undefined;
    isPlain &&= typeof parts !== 'string' || first !== undefined;
    if (first !== undefined) note(index, 'dropped', neverDecides(first, rules));
    else if (typeof parts === 'string') note(index, 'stuck', parts);
    else if (parts.length === 0) note(index, 'dropped', 'no request matches it');
    else ordered.push(...parts);
  }
  return { rules: ordered, isPlain };
}

/** One part for repositories and one for the catalog; or a sentence that says why the rule cannot be converted. */
function partsOf(rule: PlainRule, index: number, { policy }: ReadPolicy): readonly OrderedRule[] | string {
  const { match, others } = importedConditions(rule);
  if (others.length > 0) return `${others.join(' and ')}: only imported conditions are understood`;
  const grants = grantsOf(rule.effect, policy.rules[index]?.actions ?? []);
  const parts: OrderedRule[] = [];
  for (const own of domainsOf(rule)) {
    const domain = plainDomain({ domain: own, match });
    if (typeof domain === 'string') return domain;
    // Any action on the catalog allows to list it.
    const granted = own.repositories === undefined && grants.size > 0 ? grantsOf('allow', ['*']) : grants;
    if (domain !== undefined) parts.push({ index, domain, grants: granted });
  }
  return parts;
}

/** The domains of a rule without its `match`: for repositories, and for the catalog. */
function domainsOf(rule: PlainRule): readonly Domain[] {
  const { who, repositories, catalog } = rule;
  const { except, services, clients } = importedConditions(rule);
  if (except?.everyone === true) return [];
  const base = { ...who, exceptUsers: except?.users ?? [], exceptGroups: except?.groups ?? [], services, clients };
  return [
    ...(repositories.length > 0 ? [{ ...base, repositories }] : []),
    ...(catalog ? [{ ...base, repositories: undefined }] : []),
  ];
}

/** The position of an earlier rule that covers the rule, whatever its `match` says. */
function alwaysBefore(rule: PlainRule, earlier: readonly OrderedRule[]): number | undefined {
  const match = importedConditions(rule).match ?? {};
  const found = domainsOf(rule).map((domain) => {
    const named = domain.everyone && !mayMatchAnonymous(match) ? { ...domain, everyone: false, users: ['*'] } : domain;
    return earlier.find((other) => covers(other.domain, named))?.index;
  });
  return found.includes(undefined) ? undefined : found[0];
}

function neverDecides(first: number, rules: readonly PlainRule[]): string {
  return `never decides: "${rules[first]?.name}" in line ${rules[first]?.line} always comes first`;
}

function conflictSentence({ earlier, actions }: Conflict, rules: readonly PlainRule[]): string {
  const first = rules[earlier];
  const what = actions.length === 4 ? 'what it grants' : actions.filter((action) => action !== '*').join(' and ');
  return `"${first?.name}" in line ${first?.line} comes first for some of the same requests and does not grant ${what || 'the action *'}; neither an exception nor a denial says which ones`;
}
