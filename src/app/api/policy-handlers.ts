/** What the operations about the policy do. */
import { traitsOf } from '../../backends/index.ts';
import type { BrokerConfig } from '../../config/broker-schema.ts';
import { robotsOf } from '../../config/robots-schema.ts';
import { repositoryProblem, scopeProblem } from '../../config/scope-check.ts';
import type { Caller } from '../../core/identity.ts';
import { decide } from '../../core/policy/decide.ts';
import { explain as explainGrant } from '../../core/policy/explain.ts';
import { nearMisses } from '../../core/policy/near-misses.ts';
import { imaginedCaller } from '../../core/policy/policy-test.ts';
import type { Policy } from '../../core/policy/policy.ts';
import type { Situation } from '../../core/policy/situation.ts';
import type { Clock, Timer } from '../../core/ports.ts';
import { refuseWhileBusy } from '../../core/refuse-while-busy.ts';
import { looksLikeRobot } from '../../core/robot-name.ts';
import { robotIdentity, robotNamed } from '../../core/robot.ts';
import { formatScope, parseScope } from '../../core/scope.ts';
import type { Scope } from '../../core/scope.ts';
import type { ChainedBackend } from '../../flows/chain.ts';
import { lookUpUser } from '../../flows/look-up-user.ts';
import type { ApiHandlers } from '../../http/api/api.ts';
import type { Answer, Input } from '../../http/api/operations.ts';
import type { policyOperations } from '../../http/api/policy-operations.ts';
import { ApiProblem } from '../../http/api/problem.ts';
import type { HealthDeps } from '../../http/health.ts';
import type { PolicyInForce } from '../policy-in-force.ts';
import { tooMuchWork } from './ask-about-policy.ts';
import type { PolicyQuestions } from './ask-about-policy.ts';

interface PolicyHandlerDeps extends Pick<HealthDeps, 'policyState'> {
  readonly config: BrokerConfig;
  readonly policy: PolicyInForce;
  readonly backends: readonly ChainedBackend[];
  readonly clock: Clock;
  readonly timer: Timer;
  readonly questions: PolicyQuestions;
}

type PolicyHandlers = Pick<ApiHandlers, keyof typeof policyOperations>;

export function policyHandlers(deps: PolicyHandlerDeps): PolicyHandlers {
  const { policy, questions } = deps;
  const decideOn = refuseWhileBusy((undecided: Undecided) => explained(undecided, deps), tooMuchWork);
  return {
    getPolicy: async () => {
      const { revision, stale, shadow } = deps.policyState();
      return {
        revision,
        stale,
        rules: policy.current().rules.length,
        failedTests: policy.status().failedTests,
        warnings: policy.warnings(),
        shadow: shadow ?? null,
      };
    },
    checkPolicy: ({ text }) => questions.check({ text }),
    explain: (input) => explain(input, decideOn, deps),
    whoCan: async ({ service, ...question }) => {
      const problem = repositoryProblem(question.repository);
      if (problem !== undefined) throw invalid('body.repository', problem);
      const { revision, stale } = deps.policyState();
      if (stale) throw new ApiProblem('conflict', { detail: 'the policy file is invalid, and cannot be searched' });
      const answer = await questions.whoCan({ ...question, service: serviceFor(service, deps.config) });
      if (answer.policyRevision !== revision) {
        throw new ApiProblem('conflict', { detail: 'the policy file has just changed; try again' });
      }
      return answer;
    },
  };
}

async function explain(
  input: Input<'explain'>,
  decideOn: (undecided: Undecided) => Promise<readonly Decision[]>,
  deps: PolicyHandlerDeps,
): Promise<Answer<'explain'>> {
  const scopes = input.scopes.map(scopeOf);
  const policy = deps.policy.current();
  const caller = await callerFor(input, deps);
  const situation = {
    caller,
    service: serviceFor(input.service, deps.config),
    client: input.client,
    time: input.at === undefined ? deps.clock.now() : Math.floor(Date.parse(input.at) / 1000),
  };
  const identity = caller.kind === 'anonymous' ? undefined : caller.identity;
  return {
    user: identity?.username ?? null,
    groups: [...(identity?.groups ?? [])],
    backend: identity === undefined || identity.backend === '' ? null : identity.backend,
    policyRevision: policy.revision,
    decisions: await decideOn({ policy, situation, scopes }),
  };
}

interface Undecided {
  readonly policy: Policy;
  readonly situation: Situation;
  readonly scopes: readonly Scope[];
}

type Decision = Answer<'explain'>['decisions'][number];

/** Milliseconds of work, without the turns of other requests. */
const EXPLAIN_BUDGET_MS = 2000;

/** An explanation looks at every rule, so that logins get their turn after each scope. */
async function explained(
  { policy, situation, scopes }: Undecided,
  { clock, timer }: PolicyHandlerDeps,
): Promise<readonly Decision[]> {
  const decisions: Decision[] = [];
  let worked = 0;
  for (const asked of scopes) {
    if (worked > EXPLAIN_BUDGET_MS) {
      const detail = `only ${decisions.length} of ${scopes.length} scopes were explained in time; ask about fewer`;
      throw new ApiProblem('too-much-work', { detail });
    }
    const started = clock.monotonic();
    decisions.push(decisionOn(policy, situation, asked));
    worked += clock.monotonic() - started;
    await timer.turn();
  }
  return decisions;
}

function decisionOn(policy: Policy, situation: Situation, asked: Scope): Decision {
  const grant = decide(policy, situation, asked);
  const { granted, because } = grant;
  const explanation = explainGrant(grant, nearMisses(policy, situation, grant));
  const complete = granted.length > 0 && granted.length >= asked.actions.length;
  return { scope: formatScope(asked), granted, complete, because, explanation };
}

function scopeOf(text: string, index: number): Scope {
  const scope = parseScope(text);
  const problem = scope === undefined ? 'expected type:name:actions' : scopeProblem(scope);
  if (scope === undefined || problem !== undefined) throw invalid(`body.scopes.${index}`, problem ?? '');
  return scope;
}

async function callerFor({ user, groups, backend }: Input<'explain'>, deps: PolicyHandlerDeps): Promise<Caller> {
  if (user !== undefined && looksLikeRobot(user)) return robotCaller(user, groups, deps.config);
  if (user === undefined || groups !== undefined) {
    return imaginedCaller(user, groups ?? [], isCaseless(backend, deps.config));
  }
  const found = await lookUpUser({ backends: deps.backends, clock: deps.clock }, user);
  if (found.kind === 'found') return { kind: 'user', identity: found.identity };
  const { withoutLookUp } = found;
  const hint = withoutLookUp.length === 0 ? '' : ` (${withoutLookUp.join(', ')} cannot be asked without a password)`;
  throw new ApiProblem('not-found', { detail: `no backend has this user${hint}; give the groups` });
}

function robotCaller(user: string, groups: readonly string[] | undefined, { robots }: BrokerConfig): Caller {
  if (groups !== undefined) throw invalid('body.groups', 'a robot is in no group');
  const robot = robotNamed(robotsOf(robots), user);
  if (robot === undefined) throw new ApiProblem('not-found', { detail: 'this robot is not configured' });
  return { kind: 'user', identity: robotIdentity(robot.name) };
}

/** Whether all backends, or the named one, compare names without case. */
function isCaseless(name: string | undefined, { backends }: BrokerConfig): boolean {
  const named = backends.filter((backend) => name === undefined || backend.name === name);
  if (name !== undefined && named.length === 0) throw invalid('body.backend', 'this backend is not configured');
  return named.length > 0 && named.every((backend) => traitsOf(backend).names === 'caseless');
}

function serviceFor(service: string | undefined, { services }: BrokerConfig): string {
  const configured = Object.keys(services);
  if (service === undefined) return configured[0] ?? '';
  if (configured.includes(service)) return service;
  throw invalid('body.service', 'this service is not configured');
}

function invalid(field: string, message: string): ApiProblem {
  return new ApiProblem('invalid-request', { fields: [{ field, message }] });
}
