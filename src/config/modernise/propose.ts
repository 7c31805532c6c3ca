/** The same policy by union: proposed where the decisions are proven to be the same, and refused with reasons where not. */
import type { RuleDraft } from '../import/rule-draft.ts';
import type { ReadPolicy } from '../load-policy.ts';
import { plainRule } from '../policy-task.ts';
import type { PlainRule } from '../policy-task.ts';
import { isRecord } from '../schema-walk.ts';
import { draftsOf } from './drafts.ts';
import { grantsOf, plainDomain } from './plain-rule.ts';
import { settle } from './settle.ts';
import type { Conflict, OrderedRule } from './settle.ts';

/** What comes of a rule. */
export interface RuleNote {
  readonly file: string;
  readonly line: number;
  readonly rule: string;
  /** `stuck`: this is why nothing is proposed. */
  readonly outcome: 'kept' | 'changed' | 'dropped' | 'stuck';
  readonly message: string;
}

export interface Proposal {
  /** In the order of the file. */
  readonly notes: readonly RuleNote[];
  /** Undefined: the decisions cannot be proven to be the same. */
  readonly rules: readonly RuleDraft[] | undefined;
}

/** All pairs of rules are compared. */
export const MOST_RULES = 1000;

type Note = (index: number, outcome: RuleNote['outcome'], message: string) => void;

/** @param read a policy of `MOST_RULES` rules at most that is evaluated by first match */
export function proposeUnion(read: ReadPolicy): Proposal {
  const rules = read.file.rules.map((_, index) => plainRule(read, index));
  const notes: RuleNote[] = [];
  const note: Note = (index, outcome, message) => {
    const { file = '', line = 0, name: rule = '' } = rules[index] ?? {};
    notes.push({ file, line, rule, outcome, message });
  };
  const drafts = propose(read, rules, note);
  return { notes: notes.toSorted((a, b) => a.line - b.line), rules: drafts };
}

function propose(read: ReadPolicy, rules: readonly PlainRule[], note: Note): readonly RuleDraft[] | undefined {
  const ordered: OrderedRule[] = [];
  let isPlain = true;
  for (const [index, rule] of rules.entries()) {
    const parts = partsOf(rule, index, read);
    isPlain &&= typeof parts !== 'string';
    if (typeof parts === 'string') note(index, 'stuck', parts);
    else if (parts.length === 0) note(index, 'dropped', 'no request matches it');
    else ordered.push(...parts);
  }
  const settlement = settle(ordered);
  if (settlement.kind === 'conflicts') {
    for (const conflict of settlement.conflicts) note(conflict.later, 'stuck', conflictSentence(conflict, rules));
    return undefined;
  }
  return isPlain ? draftsOf(settlement.rules, rules, note) : undefined;
}

/** A rule for repositories, and one for the catalog; or a sentence that says why `match` cannot be made plain. */
function partsOf(rule: PlainRule, index: number, { policy }: ReadPolicy): readonly OrderedRule[] | string {
  const { who, except, services, clients, repositories, catalog, effect, match } = rule;
  if (except?.everyone === true) return [];
  const base = {
    users: who.users,
    groups: who.groups,
    everyone: who.everyone,
    exceptUsers: except?.users ?? [],
    exceptGroups: except?.groups ?? [],
    services,
    clients,
  };
  const grants = grantsOf(effect, policy.rules[index]?.actions ?? []);
  const parts: OrderedRule[] = [];
  for (const own of [...(repositories.length > 0 ? [repositories] : []), ...(catalog ? [undefined] : [])]) {
    const domain = plainDomain({ domain: { ...base, repositories: own }, match: isRecord(match) ? match : undefined });
    if (typeof domain === 'string') return domain;
    // For the catalog there is one thing to grant: any action will do.
    const granted = own === undefined && grants.size > 0 ? grantsOf('allow', ['*']) : grants;
    if (domain !== undefined) parts.push({ index, domain, grants: granted });
  }
  return parts;
}

function conflictSentence({ earlier, actions }: Conflict, rules: readonly PlainRule[]): string {
  const first = rules[earlier];
  const what = actions.length === 4 ? 'what it grants' : actions.filter((action) => action !== '*').join(' and ');
  return `"${first?.name}" in line ${first?.line} comes first for some of the same requests and does not grant ${what || 'the action *'}; neither an exception nor a denial says which ones`;
}
