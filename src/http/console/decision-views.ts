/** Decisions of the policy as pages show them. */
import type { Grant, Reason } from '../../core/access.ts';
import type { Caller } from '../../core/identity.ts';
import { missSentence } from '../../core/policy/explain.ts';
import { grantedPatterns } from '../../core/policy/granted-patterns.ts';
import type { NearMiss } from '../../core/policy/near-misses.ts';
import type { Policy } from '../../core/policy/policy.ts';
import type { RecentDecision } from '../../core/recent-decision.ts';
import type { Scope } from '../../core/scope.ts';
import type { DecisionView } from '../../pages/access.ts';
import type { DecisionRow } from '../../pages/admin/decision-rows.ts';
import type { ChangeView } from '../../pages/parts/change.ts';
import type { ActionVerdict } from '../../pages/parts/decision.ts';
import type { GrantedPatternView } from '../../pages/parts/granted-patterns.ts';
import { refusalSentence } from '../forward-auth/answers.ts';

type DecidedRules = ChangeView['before']['rules'];

type Decided = Pick<Grant, 'asked' | 'because'> & {
  readonly granted: readonly string[];
  readonly limited?: readonly string[];
};

export function decisionView(grant: Decided, service: string, misses: readonly NearMiss[] = []): DecisionView {
  const { asked, because } = grant;
  return {
    repository: scopeName(asked),
    service,
    verdicts: asked.actions.map((action) => ({ action, verdict: verdictOf(action, grant) })),
    reasons: because.map((reason) => ({ ...reason, file: fileName(reason.file) })),
    nearMisses: misses.map((miss) => `${missSentence({ ...miss, file: fileName(miss.file) })}.`),
  };
}

/** A row of the list of decisions. */
export function decisionRow(decision: RecentDecision): DecisionRow {
  const { requestId, endpoint, at, username, nobody, service, client, scopes, unlisted, refusal } = decision;
  const rows = scopes.map(({ asked, granted, limited, because }) => ({
    name: scopeName(asked),
    asked: asked.actions,
    granted,
    limited,
    rules: because.map(({ rule }) => rule),
  }));
  return {
    requestId,
    at,
    ...(username === undefined ? {} : { username }),
    ...(nobody === undefined ? {} : { nobody }),
    via: viaText(decision),
    service,
    from: client,
    isProxied: endpoint === 'forward-auth',
    scopes: rows,
    unlisted,
    ...(refusal === undefined ? {} : { refusal: refusalSentence(refusal.code) }),
  };
}

function verdictOf(action: string, { granted, limited = [], because }: Decided): ActionVerdict['verdict'] {
  if (granted.includes(action) || granted.includes('*')) return 'granted';
  if (limited.includes(action) || limited.includes('*')) return 'limited';
  const isDenied = because.some(
    ({ effect, actions }) =>
      effect === 'deny' && (actions.includes('*') || action === '*' || actions.some((one) => one === action)),
  );
  return isDenied ? 'denied' : 'not granted';
}

/** `web/shop`, `registry catalog` */
export function scopeName({ type, name }: Pick<Scope, 'type' | 'name'>): string {
  return type === 'repository' && name !== '' ? name : `${type} ${name}`.trim();
}

/** The rules that decided, with their places. */
export function ruleViews(reasons: readonly Reason[]): DecidedRules {
  return reasons.map(({ rule, file, line, effect }) => ({ rule, place: `${fileName(file)}:${line}`, effect }));
}

/** Without the folder, which says where the broker has its files. */
function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** In order. A backend may name a group by DN and by name: then the name alone, which is what people know. */
export function groupNames(groups: Iterable<string>): readonly string[] {
  const all = [...groups].toSorted();
  const names = new Set(all.map((group) => group.toLowerCase()));
  return all.filter((group) => {
    const [, first] = /^[^=,]+=([^,]+),/.exec(group) ?? [];
    return first === undefined || !names.has(first.toLowerCase());
  });
}

/** How the user logged in, in words. */
export function viaText({ nobody, via }: Pick<RecentDecision, 'nobody' | 'via'>): string {
  if (nobody === 'anonymous') return 'no login';
  switch (via?.kind) {
    case undefined:
      return 'login';
    case 'personal-token':
      return `token ${via?.name ?? ''}`.trim();
    case 'refresh-token':
      return 'stored login';
    default:
      return via?.kind ?? '';
  }
}

/** What the rules allow a caller. */
export function grantedPatternViews(
  policy: Policy,
  caller: Caller,
  services: readonly string[],
): { readonly patterns: readonly GrantedPatternView[]; readonly isCut: boolean } {
  const { patterns, isCut } = grantedPatterns(policy, caller, services);
  const views = patterns.map(({ pattern, actions, services: own, rule, conditions }) => ({
    pattern,
    actions,
    services: own.length === services.length ? [] : own,
    rule: rule.name,
    file: fileName(rule.file),
    line: rule.line,
    conditions,
  }));
  return { patterns: views, isCut };
}
