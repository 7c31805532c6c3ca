/** The pages of administrators about the fleet and people. Everybody else gets 404. */
import type { Request, Response, Router } from 'express';
import { BrokerError } from '../../core/errors.ts';
import type { RecentDecision, RecentDecisions } from '../../core/recent-decision.ts';
import { formatScope } from '../../core/scope.ts';
import type { Ending } from '../../flows/end-account.ts';
import { fleetPage } from '../../pages/admin/fleet.ts';
import type { FleetView } from '../../pages/admin/fleet.ts';
import { endPersonPage, peoplePage, personPage } from '../../pages/admin/people.ts';
import type { PersonView } from '../../pages/admin/people.ts';
import { contextOf } from '../context.ts';
import type { ConsoleArea, ConsoleTools } from './deps.ts';
import { queryOf, readForm } from '../form.ts';
import { respondPage } from './respond-page.ts';
import { signedInOf } from './session.ts';

export interface AdminAreaDeps {
  readonly recent: RecentDecisions;
  readonly fleet: () => FleetView;
  /** @returns undefined when nothing is known of the user */
  readonly person: (username: string) => Promise<Omit<PersonView, 'decisions' | 'done'> | undefined>;
  /** @returns what was ended, and what could not be, as a sentence */
  readonly endPerson: (username: string, ending: Ending) => Promise<string>;
}

const MAX_NAME = 256;
/** Decisions on the page of a person. */
const MAX_DECISIONS = 20;
const MAX_SEARCHED = 200;

export function adminArea(deps: AdminAreaDeps): ConsoleArea {
  return {
    addRoutes: (router: Router, tools: ConsoleTools) => {
      const { requireAdmin, pageFor } = tools;
      router.get('/console/fleet', requireAdmin, (_request, response) => {
        respondPage(response, 200, fleetPage(pageFor(response), deps.fleet()));
      });
      router.get('/console/people', requireAdmin, (_request, response) => {
        respondPage(response, 200, peoplePage(pageFor(response), {}));
      });
      router.get('/console/person', requireAdmin, (request, response) => person(deps, tools, request, response));
      router.get('/console/person/end', requireAdmin, (request, response) => askToEnd(deps, tools, request, response));
      router.post('/console/person/end', requireAdmin, (request, response) => end(deps, tools, request, response));
    },
  };
}

function nameIn(fields: URLSearchParams): string {
  return fields.get('user')?.trim().slice(0, MAX_NAME) ?? '';
}

async function person(deps: AdminAreaDeps, tools: ConsoleTools, request: Request, response: Response): Promise<void> {
  const name = nameIn(queryOf(request));
  const page = tools.pageFor(response);
  const found = name === '' ? undefined : await deps.person(name);
  if (found === undefined) {
    const problem = name === '' ? 'Enter a user name.' : 'No backend finds this user, and nothing is issued for it.';
    return respondPage(response, 200, peoplePage(page, { name, problem }));
  }
  respondPage(response, 200, personPage(page, { ...found, decisions: decisionsOf(found.username, deps) }));
}

function decisionsOf(username: string, { recent }: AdminAreaDeps): PersonView['decisions'] {
  return recent
    .find({ person: username, repository: '', isRefusedOnly: false }, MAX_SEARCHED)
    .found.filter((decision) => decision.username === username)
    .slice(0, MAX_DECISIONS)
    .map(decisionRow);
}

function decisionRow({ at, requestId, scopes, refusal }: RecentDecision): PersonView['decisions'][number] {
  return {
    at,
    requestId,
    asked: scopes.length === 0 ? 'login' : scopes.map(({ asked }) => formatScope(asked)).join(' '),
    granted: refusal !== undefined ? 'refused' : scopes.length === 0 ? '–' : grantedText(scopes),
  };
}

/** For each scope, in their order. */
function grantedText(scopes: RecentDecision['scopes']): string {
  return scopes.map(({ granted }) => granted.join(', ') || 'nothing').join('; ');
}

async function askToEnd(deps: AdminAreaDeps, tools: ConsoleTools, request: Request, response: Response): Promise<void> {
  const found = await deps.person(nameIn(queryOf(request)));
  if (found === undefined) throw new BrokerError('not_found', 'no such person');
  const { username, tokens, signIns, robotTokens } = found;
  const counts = { username, tokens: tokens.length, signIns: signIns.length, robotTokens };
  respondPage(response, 200, endPersonPage(tools.pageFor(response), counts));
}

async function end(deps: AdminAreaDeps, tools: ConsoleTools, request: Request, response: Response): Promise<void> {
  const name = nameIn(await readForm(request, response));
  if (name === '') throw new BrokerError('invalid_request', 'no user is named');
  const by = signedInOf(response).caller.identity.username;
  const done = await deps.endPerson(name, { request: contextOf(response), by });
  const left = (await deps.person(name)) ?? { username: name, tokens: [], signIns: [], robotTokens: [] };
  const view = { ...left, decisions: decisionsOf(left.username, deps), done };
  respondPage(response, 200, personPage(tools.pageFor(response), view));
}
