/** What the pages about the policy show, from the operations of the API and questions on its thread. */
import { basename } from 'node:path';
import type { BrokerConfig } from '../config/broker-schema.ts';
import { ConfigError } from '../config/problems.ts';
import { readTextFile } from '../config/read-text.ts';
import type { RequestContext } from '../core/events.ts';
import type { DecisionChange } from '../core/policy/diff/changes.ts';
import type { Timer } from '../core/ports.ts';
import type { RecentDecisions } from '../core/recent-decision.ts';
import { separateRobots } from '../core/robot-name.ts';
import type { ShadowDifferences } from '../core/shadow-difference.ts';
import type { ApiHandlers } from '../http/api/api.ts';
import type { Answer } from '../http/api/operations.ts';
import { ruleViews, scopeName } from '../http/console/decision-views.ts';
import type { PolicyAreaDeps, Unanswered } from '../http/console/policy.ts';
import type { PolicyView } from '../pages/admin/policy.ts';
import type { ShadowView } from '../pages/admin/shadow.ts';
import type { ChangesView, TryOutResult } from '../pages/admin/try-out.ts';
import type { GranteeView } from '../pages/admin/who-can.ts';
import type { PolicyChecks, PolicyFinding } from '../pages/parts/policy-text.ts';
import type { PolicyQuestions } from './api/ask-about-policy.ts';
import { encodeRecent } from './api/recent-texts.ts';
import type { Replayed } from './api/replay-recent.ts';
import { OPERATOR, operatorContext } from './operator-context.ts';

export interface PolicyPageDeps {
  readonly api: () => Promise<ApiHandlers>;
  readonly questions: () => Promise<PolicyQuestions>;
  readonly recent: RecentDecisions;
  readonly differences: ShadowDifferences;
  readonly timer: Timer;
  /** The path of broker.yaml. */
  readonly configPath: string;
}

export function policyPageDeps(config: BrokerConfig, deps: PolicyPageDeps): PolicyAreaDeps {
  return {
    services: Object.keys(config.services),
    differences: deps.differences,
    whoCan: async (question, context) => {
      const found = await answered(async () => (await deps.api()).whoCan(question, operatorContext(context)));
      if ('problem' in found) return found;
      const { grantees, users, anonymous, gaps } = found;
      // Only rules that name a robot are for it, so that each robot is among the grantees.
      return { grantees: grantees.map(granteeView), users: separateRobots(users).people, anonymous, gaps };
    },
    policy: (context) => policyNow(config, deps, context),
    policyText: async () => {
      const read = await readPolicyFile(config);
      return 'text' in read ? read.text : '';
    },
    tryOut: (text) => tryOut(text, config, deps),
    shadow: () => shadowNow(deps),
  };
}

/** A question that cannot be answered now is no error of the page. */
async function answered<Found>(ask: () => Promise<Found>): Promise<Found | Unanswered> {
  try {
    return await ask();
  } catch (error) {
    const { ApiProblem } = await import('../http/api/problem.ts');
    if (!(error instanceof ApiProblem)) throw error;
    return { problem: error.code === 'conflict' ? POLICY_CHANGED : BUSY };
  }
}

const BUSY = 'This takes too long, or another question is being examined. Try again in a moment.';
const POLICY_CHANGED = 'The policy file is not valid, or has just changed. Try again when it is in force.';

type Grantee = Answer<'whoCan'>['grantees'][number];

function granteeView({ who, rule, file, line, exceptionAllowed, ...grantee }: Grantee): GranteeView {
  const { verdict, conditions, except, denials } = grantee;
  const notes = [
    ...conditions.map((condition) => `if ${condition}`),
    ...(except.length === 0 ? [] : [`except ${except.join(', ')}`]),
    ...denials.map(denialText),
  ];
  const isOpen = verdict === 'no' && exceptionAllowed;
  return { who, rule, file: basename(file), line, verdict: isOpen ? 'exceptions' : verdict, notes };
}

function denialText({ rule, file, line, conditions, except }: Grantee['denials'][number]): string {
  const when = conditions.length === 0 ? '' : ` if ${conditions.join(' and ')}`;
  const unless = except.length === 0 ? '' : `, unless also ${except.join(' or ')}`;
  return `denied by "${rule}" (${basename(file)}:${line})${when}${unless}`;
}

/** As the API allows: see `checkPolicy`. Of a file, the bytes; of a pasted text, the characters. */
const MAX_POLICY = 1024 * 1024;

/** The text of the policy file. The file may be gone, or larger than a page should be. */
async function readPolicyFile({ policy }: BrokerConfig): Promise<{ readonly text: string } | Unanswered> {
  try {
    return await readTextFile(policy.file, MAX_POLICY);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { problem: `The file cannot be shown: ${error.problems.map(({ message }) => message).join('; ')}.` };
  }
}

async function policyNow(config: BrokerConfig, deps: PolicyPageDeps, context: RequestContext): Promise<PolicyView> {
  const api = await deps.api();
  const { revision, stale } = await api.getPolicy({}, OPERATOR);
  const read = await readPolicyFile(config);
  const found =
    'problem' in read
      ? read
      : await answered(async () => api.checkPolicy({ text: read.text }, operatorContext(context)));
  return {
    file: basename(config.policy.file),
    revision,
    isStale: stale,
    text: 'text' in read ? read.text : '',
    ...('problem' in found ? { findings: [], problem: found.problem } : checked(found)),
    shadow: await shadowNow(deps),
  };
}

async function shadowNow({ api, differences }: PolicyPageDeps): Promise<ShadowView | undefined> {
  const { revision, shadow } = await (await api()).getPolicy({}, OPERATOR);
  if (shadow === null) return undefined;
  const { same, differing, since, revisions } = differences.counts();
  // After a change of one of them, nothing is compared until the next request.
  const isPresent = revisions === undefined || (revisions.inForce === revision && revisions.shadow === shadow.revision);
  const counts = isPresent ? { same, differing } : { same: 0, differing: 0 };
  return { revision: shadow.revision ?? undefined, isStale: shadow.stale, ...counts, since };
}

function checked(found: Answer<'checkPolicy'>): { findings: readonly PolicyFinding[]; checks?: PolicyChecks } {
  return { findings: findingsOf(found), ...(found.revision === null ? {} : { checks: checksOf(found) }) };
}

function findingsOf({ problems, findings }: Answer<'checkPolicy'>): readonly PolicyFinding[] {
  return [
    ...problems.map(({ line, message }) => ({ line, severity: 'problem' as const, message })),
    ...findings.map(({ line, severity, rule, message, cure }) => ({
      line,
      severity,
      message: `${rule === '' ? '' : `rule "${rule}" `}${message}; ${cure}`,
    })),
  ];
}

function checksOf({ tests, invariants }: Answer<'checkPolicy'>): PolicyChecks {
  const unproved = invariants.filter(({ proved }) => !proved);
  return {
    tests: {
      passed: tests.passed,
      failures: tests.failed.map(({ line, summary }) => ({ line, message: summary })),
    },
    invariants: {
      proved: invariants.length - unproved.length,
      failures: unproved.map(({ name, result }) => `Invariant "${name}": ${result}`),
    },
  };
}

/** The text is examined and dropped: no record, log or message of another request has any of it. */
async function tryOut(
  text: string,
  config: BrokerConfig,
  { api, questions, recent, timer, configPath }: PolicyPageDeps,
): Promise<TryOutResult | Unanswered> {
  if (text.trim() === '') return { problem: 'Enter a policy.' };
  if (text.length > MAX_POLICY) return { problem: `The policy has more than ${MAX_POLICY} characters.` };
  const { revision } = await (await api()).getPolicy({}, OPERATOR);
  const since = recent.since(['user', 'nameless']);
  const found = await answered(async () =>
    (await questions()).tryOut({ text, revision }, () => encodeRecent(recent.repeatable(), timer)),
  );
  if ('problem' in found) return found;
  return {
    ...checked(found.check),
    isInForce: found.check.revision === revision,
    ...(found.replayed === undefined ? {} : { changes: changesView(found.replayed, since) }),
    command: `fairlead diff ${basename(config.policy.file)} next.yaml --config ${basename(configPath)}`,
  };
}

function changesView(replayed: Replayed, since: number): ChangesView {
  const { compared, decisions, gained, lost, changes, unlisted, users, repositories } = replayed;
  return {
    compared,
    since,
    changed: decisions,
    gained,
    lost,
    rows: changes.map(changeRow),
    unlisted,
    people: users,
    repositories,
    gaps: gapsOf(replayed),
  };
}

function changeRow({ user, backend, service, before, after, times, last, ...change }: DecisionChange) {
  return {
    username: user === '' ? undefined : user,
    backend,
    name: scopeName(change),
    service,
    before: { granted: before, rules: ruleViews(change.rulesBefore) },
    after: { granted: after, rules: ruleViews(change.rulesAfter).map(inText) },
    times,
    last: Math.floor(Date.parse(last) / 1000),
  };
}

/** The place of a rule of the pasted text: `policy.yaml:7` would be that of the file. */
function inText(rule: ReturnType<typeof ruleViews>[number]) {
  return { ...rule, place: `line ${rule.place.slice(rule.place.lastIndexOf(':') + 1)}` };
}

function gapsOf({ withoutCaller, withoutScope, outdated }: Replayed): readonly string[] {
  const gaps: [string, number, string][] = [
    ['Not compared', withoutCaller, 'The groups and attributes of these users take too much memory.'],
    ['Not compared', withoutScope, 'Of a request for many repositories, only the first are recorded.'],
    [
      'Decided by an earlier policy with another result',
      outdated,
      'They are compared with what the policy in force decides now.',
    ],
  ];
  return gaps.flatMap(([what, count, why]) => (count === 0 ? [] : [`${what}: ${count.toLocaleString('en')}. ${why}`]));
}
