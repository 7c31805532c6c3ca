/** What the person who is signed in may do, and why. */
import type { Request, Response, Router } from 'express';
import type { Scope } from '../../core/scope.ts';
import { MAX_NAME_LENGTH } from '../../core/scope.ts';
import type { Clock } from '../../core/ports.ts';
import { decide } from '../../core/policy/decide.ts';
import { nearMisses } from '../../core/policy/near-misses.ts';
import type { Policy } from '../../core/policy/policy.ts';
import { repositorySegments } from '../../core/policy/repository-pattern.ts';
import { whoText } from '../../core/recent-decision.ts';
import type { RecentDecision, RecentDecisions } from '../../core/recent-decision.ts';
import type { SignedIn } from '../../flows/session/find.ts';
import { accessPage } from '../../pages/access.ts';
import type { AccessView, DenialView } from '../../pages/access.ts';
import { contextOf } from '../context.ts';
import { refusalSentence } from '../forward-auth/answers.ts';
import { decisionView, grantedPatternViews, groupNames } from './decision-views.ts';
import type { ConsoleArea, ConsoleTools } from './deps.ts';
import { queryOf } from '../form.ts';
import { readImageName } from './image-name.ts';
import { respondPage } from './respond-page.ts';
import { signedInOf } from './session.ts';

interface AccessAreaDeps {
  readonly policy: () => Policy;
  /** The names of the configured services. */
  readonly services: readonly string[];
  readonly recent: Pick<RecentDecisions, 'byRequest' | 'byToken' | 'find'>;
  /** The only backend that can have a person with this user name; undefined where several can, or none. */
  readonly onlyBackendFor: (username: string) => string | undefined;
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
  const typed = query.get('repository');
  if (typed === null) return {};
  const { repository, service: named } = readImageName(typed, deps.services);
  const [first = ''] = deps.services;
  const asked = named ?? query.get('service') ?? first;
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
  return 'This is no name of a repository. Enter it without the name of the registry, such as web/shop.';
}

function denialOf(
  query: URLSearchParams,
  signedIn: SignedIn,
  deps: AccessAreaDeps,
): Pick<AccessView, 'requestId' | 'denial'> {
  const { recent } = deps;
  const requestId = query.get('request')?.trim().slice(0, MAX_REQUEST_ID);
  if (requestId === undefined || requestId === '') return {};
  const found = recent.byRequest(requestId);
  if (found === undefined) return { requestId, denial: 'unknown' };
  const issued = issuedTokenOf(found, recent);
  const isOwn = isOf({ ...found, ...backendOf(issued ?? found) }, signedIn, deps);
  // INVARIANT: to anybody but administrators, the request of somebody else is as unknown as one that never was.
  if (!isOwn && !signedIn.isAdmin) return { requestId, denial: 'unknown' };
  const who = isOwn ? {} : { who: whoText(found) };
  return { requestId, denial: { ...who, ...denialView(found, issued) } };
}

const MAX_REQUEST_ID = 64;

/** The request for the registry token that did not grant enough at a proxy: it has the reasons. */
function issuedTokenOf(
  { endpoint, tokenId }: RecentDecision,
  recent: Pick<RecentDecisions, 'byToken'>,
): RecentDecision | undefined {
  return endpoint === undefined || tokenId === undefined ? undefined : recent.byToken(tokenId);
}

function backendOf({ backend }: RecentDecision): Pick<RecentDecision, 'backend'> {
  return backend === undefined ? {} : { backend };
}

/**
 * Whether a decision is about the account of this person. A request without a token has the name that was typed: it is of
 * the backend that has refused it. Where none has, people of the same name at two backends see nothing of it.
 */
function isOf(
  { username, backend, refusal }: RecentDecision,
  { caller, session }: SignedIn,
  { onlyBackendFor }: AccessAreaDeps,
): boolean {
  if (username !== caller.identity.username) return false;
  return (backend ?? refusal?.backend ?? onlyBackendFor(username)) === session.backend;
}

const MAX_DENIED = 5;
/** Others may have names that contain the name of the person, and clients repeat a request that was denied. */
const MAX_SEARCHED = 100;

function deniedOf(signedIn: SignedIn, deps: AccessAreaDeps): AccessView['denied'] {
  return (
    deniedOrRefused(signedIn, deps)
      // A token that grants too little is no denial yet: programs ask for another one, and that request is listed.
      .filter(({ refusal }) => refusal?.code !== 'insufficient_scope')
      .filter((decision) => isOf(decision, signedIn, deps))
      .map((decision) => ({ decision, missing: missingOf(decision) }))
      .filter(({ missing }, index, all) => all.findIndex((other) => isSame(other.missing, missing)) === index)
      .slice(0, MAX_DENIED)
      .map(({ decision: { requestId, at }, missing }) => ({ requestId, at, missing }))
  );
}

/** Searched separately: anybody can send any number of wrong logins in the name of a person. The latest come first. */
function deniedOrRefused({ caller }: SignedIn, { recent }: AccessAreaDeps): readonly RecentDecision[] {
  const filter = { person: caller.identity.username, repository: '', isRefusedOnly: true };
  return (['user', 'refused'] as const)
    .flatMap((kind) => recent.find({ ...filter, kind }, MAX_SEARCHED).found)
    .toSorted((a, b) => b.at - a.at);
}

function missingOf({ scopes }: Pick<RecentDecision, 'scopes'>): readonly string[] {
  if (scopes.length === 0) return ['login'];
  return scopes.flatMap(({ asked: { name, type, actions }, granted }) => {
    const missing = actions.filter((action) => !granted.includes(action) && !granted.includes('*'));
    return missing.length === 0 ? [] : [`${name || type}: ${missing.join(', ')}`];
  });
}

function isSame(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((text, index) => text === right[index]);
}

/** @param issued the request for the registry token, of a request at a proxy */
function denialView(denied: RecentDecision, issued: RecentDecision | undefined): DenialView {
  const { at, client, service, refusal } = denied;
  const isOfToken = refusal?.code === 'insufficient_scope';
  const { via } = issued ?? denied;
  const scopes = isOfToken ? scopesOfToken(denied, issued) : denied.scopes;
  return {
    at,
    from: client,
    ...(via?.kind === 'personal-token' && via.name !== undefined ? { token: via.name } : {}),
    decisions: scopes.map((scope) => decisionView(scope, service)),
    ...(refusal === undefined ? {} : { refusal: refusalText(denied, scopes.length) }),
    ...(isOfToken && scopes.length === 0 ? { advice: issued === undefined ? OTHER_BROKER : OTHER_SCOPES } : {}),
  };
}

const OTHER_BROKER =
  'Another broker has issued this token, or this broker before its last start, so the reasons are not known here. ' +
  'Ask above what the policy allows now.';
const OTHER_SCOPES =
  'The program had not asked for that when it got the token. Programs ask again by themselves: if the error stays, ' +
  'ask above what the policy allows.';

/** The decisions about what the request needed, where the token was issued for all of it. */
function scopesOfToken({ scopes }: RecentDecision, issued: RecentDecision | undefined): RecentDecision['scopes'] {
  return scopes.flatMap(({ asked: needed }) => {
    const decided = issued?.scopes.find(({ asked }) => asked.type === needed.type && asked.name === needed.name);
    return decided !== undefined && needed.actions.every((action) => isAsked(action, decided.asked)) ? [decided] : [];
  });
}

function isAsked(action: string, { actions }: Scope): boolean {
  return actions.includes(action) || actions.includes('*');
}

function refusalText({ endpoint, refusal, ...denied }: RecentDecision, explained: number): string {
  if (refusal === undefined) return '';
  if (endpoint === undefined) return `No token was issued: ${refusalSentence(refusal.code)}.`;
  if (refusal.code !== 'insufficient_scope') return `The registry answered: ${refusalSentence(refusal.code)}.`;
  const missing = `The registry token does not grant ${missingOf(denied).join('; ')}.`;
  return explained === 0 ? missing : `${missing} This was decided when it was issued:`;
}
