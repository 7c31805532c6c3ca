/** What the person who is signed in may do, and why. */
import type { Request, Response, Router } from 'express';
import type { Scope } from '../../core/scope.ts';
import { MAX_NAME_LENGTH } from '../../core/scope.ts';
import type { Clock } from '../../core/ports.ts';
import { decide } from '../../core/policy/decide.ts';
import { nearMisses } from '../../core/policy/near-misses.ts';
import type { Policy } from '../../core/policy/policy.ts';
import { repositorySegments } from '../../core/policy/repository-pattern.ts';
import type { RecentDecision, RecentDecisions } from '../../core/recent-decision.ts';
import type { SignedIn } from '../../flows/session/find.ts';
import { accessPage } from '../../pages/access.ts';
import type { AccessView, DenialView } from '../../pages/access.ts';
import { contextOf } from '../context.ts';
import { sentenceOf } from '../respond.ts';
import { decisionView, grantedPatternViews, groupNames } from './decision-views.ts';
import type { ConsoleArea, ConsoleTools } from './deps.ts';
import { queryOf } from '../form.ts';
import { respondPage } from './respond-page.ts';
import { signedInOf } from './session.ts';

interface AccessAreaDeps {
  readonly policy: () => Policy;
  /** The names of the configured services. */
  readonly services: readonly string[];
  readonly recent: Pick<RecentDecisions, 'byRequest' | 'find'>;
  readonly clock: Pick<Clock, 'now'>;
}

const ACTIONS = ['pull', 'push', 'delete'];

export function accessArea(deps: AccessAreaDeps): ConsoleArea {
  return {
    addRoutes: (router: Router, tools: ConsoleTools) => {
      router.get('/console/access', tools.requireSession, (request, response) =>
        showAccess(deps, tools, request, response),
      );
    },
  };
}

function showAccess(deps: AccessAreaDeps, tools: ConsoleTools, request: Request, response: Response): void {
  const { services, policy } = deps;
  const signedIn = signedInOf(response);
  const query = queryOf(request);
  const inForce = policy();
  const { patterns, isCut } = grantedPatternViews(inForce, signedIn.caller, services);
  const page = { ...tools.pageFor(response), policyRevision: inForce.revision };
  const view: AccessView = {
    services,
    groups: groupNames(signedIn.caller.identity.groups),
    everything: patterns,
    isCut,
    ...answerTo(query, { deps, policy: inForce, signedIn, client: contextOf(response).client }),
    denied: deniedOf(signedIn, deps),
    ...denialOf(query, signedIn, deps),
  };
  respondPage(response, 200, accessPage(page, view));
}

interface Asking {
  readonly deps: AccessAreaDeps;
  readonly policy: Policy;
  readonly signedIn: SignedIn;
  readonly client: string;
}

function answerTo(
  query: URLSearchParams,
  { deps, policy, signedIn, client }: Asking,
): Pick<AccessView, 'question' | 'problem' | 'answer'> {
  const repository = query.get('repository')?.trim();
  if (repository === undefined) return {};
  const [first = ''] = deps.services;
  const asked = query.get('service') ?? first;
  const service = deps.services.includes(asked) ? asked : first;
  const question = { repository: repository.slice(0, MAX_NAME_LENGTH), service };
  const problem = repositoryProblem(repository);
  if (problem !== undefined) return { question, problem };
  const scope: Scope = { type: 'repository', name: repository, actions: ACTIONS };
  const situation = { caller: signedIn.caller, service, client, time: deps.clock.now() };
  const grant = decide(policy, situation, scope);
  return { question, answer: decisionView(grant, service, nearMisses(policy, situation, grant)) };
}

/** @returns why a text is no name of a repository, as a sentence */
export function repositoryProblem(text: string): string | undefined {
  if (text === '') return 'Enter the name of a repository.';
  if (text.length > MAX_NAME_LENGTH) return `A name has at most ${MAX_NAME_LENGTH} characters.`;
  if (/[A-Z]/.test(text)) return 'Names of repositories have no upper-case letters.';
  if (repositorySegments(text) !== undefined) return undefined;
  return 'This is no name of a repository. Leave out the registry and the tag: web/shop.';
}

function denialOf(
  query: URLSearchParams,
  signedIn: SignedIn,
  { recent }: AccessAreaDeps,
): Pick<AccessView, 'requestId' | 'denial'> {
  const requestId = query.get('request')?.trim().slice(0, 64);
  if (requestId === undefined || requestId === '') return {};
  const found = recent.byRequest(requestId);
  // Of somebody else, it is as unknown as one that never was.
  return { requestId, denial: found !== undefined && isOf(found, signedIn) ? denialView(found) : 'unknown' };
}

/** A request without a token has the name that was typed, and no backend. */
function isOf({ username, backend }: RecentDecision, { caller, session }: SignedIn): boolean {
  return username === caller.identity.username && (backend ?? session.backend) === session.backend;
}

const MAX_DENIED = 5;
/** Others may have names that contain the name of the person, and clients repeat a request that was denied. */
const MAX_SEARCHED = 100;

function deniedOf(signedIn: SignedIn, { recent }: AccessAreaDeps): AccessView['denied'] {
  const person = signedIn.caller.identity.username;
  return recent
    .find({ person, repository: '', isRefusedOnly: true }, MAX_SEARCHED)
    .found.filter((decision) => isOf(decision, signedIn))
    .map((decision) => ({ decision, missing: missingOf(decision) }))
    .filter(({ missing }, index, all) => all.findIndex((other) => isSame(other.missing, missing)) === index)
    .slice(0, MAX_DENIED)
    .map(({ decision: { requestId, at }, missing }) => ({ requestId, at, missing }));
}

function missingOf({ scopes }: RecentDecision): readonly string[] {
  if (scopes.length === 0) return ['login'];
  return scopes.flatMap(({ asked: { name, type, actions }, granted }) => {
    const missing = actions.filter((action) => !granted.includes(action) && !granted.includes('*'));
    return missing.length === 0 ? [] : [`${name || type}: ${missing.join(', ')}`];
  });
}

function isSame(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((text, index) => text === right[index]);
}

function denialView({ at, client, via, service, scopes, refusal }: RecentDecision): DenialView {
  return {
    at,
    from: client,
    ...(via?.kind === 'personal-token' && via.name !== undefined ? { token: via.name } : {}),
    decisions: scopes.map((scope) => decisionView(scope, service)),
    ...(refusal === undefined ? {} : { refusal: `No token was issued: ${sentenceOf(refusal.code)}.` }),
  };
}
