/** The pages of administrators about the fleet and people. Everybody else gets 404. */
import type { Request, Response, Router } from 'express';
import { BrokerError } from '../../core/errors.ts';
import type { RecentDecisions } from '../../core/recent-decision.ts';
import type { Ending } from '../../flows/end-account.ts';
import { fleetPage } from '../../pages/admin/fleet.ts';
import type { FleetView } from '../../pages/admin/fleet.ts';
import { endPersonPage, peoplePage, personPage } from '../../pages/admin/people.ts';
import type { PersonView } from '../../pages/admin/people.ts';
import { contextOf } from '../context.ts';
import { decisionRow } from './decision-views.ts';
import type { ConsoleArea, ConsoleTools } from './deps.ts';
import { queryOf, readForm } from '../form.ts';
import { respondPage } from './respond-page.ts';
import { signedInOf } from './session.ts';

export interface AdminAreaDeps {
  readonly recent: RecentDecisions;
  readonly fleet: () => FleetView;
  /** @returns undefined when nothing is known of the user */
  readonly person: (username: string) => Promise<Omit<PersonView, 'decisions' | 'done'> | undefined>;
  /** User names that have tokens or sessions, and that differ from this one only in case. */
  readonly otherSpellings: (username: string) => Promise<readonly string[]>;
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
  const found = name === '' ? undefined : await deps.person(name);
  if (found === undefined) return respondUnknownPerson(deps, tools, response, name);
  const view = { ...found, decisions: decisionsOf(found.username, deps) };
  respondPage(response, 200, personPage(tools.pageFor(response), view));
}

async function respondUnknownPerson(deps: AdminAreaDeps, tools: ConsoleTools, response: Response, name: string) {
  const view =
    name === ''
      ? { name, problem: 'Enter a user name.' }
      : { name, problem: UNKNOWN_PERSON, spellings: await deps.otherSpellings(name) };
  respondPage(response, 200, peoplePage(tools.pageFor(response), view));
}

const UNKNOWN_PERSON = 'No backend finds this user, and nobody of this name has tokens or sessions.';

function decisionsOf(username: string, { recent }: AdminAreaDeps): PersonView['decisions'] {
  return recent
    .find({ person: username, repository: '', isRefusedOnly: false }, MAX_SEARCHED)
    .found.filter((decision) => decision.username === username)
    .slice(0, MAX_DECISIONS)
    .map(decisionRow);
}

async function askToEnd(deps: AdminAreaDeps, tools: ConsoleTools, request: Request, response: Response): Promise<void> {
  const name = nameIn(queryOf(request));
  const found = await deps.person(name);
  if (found === undefined) return respondUnknownPerson(deps, tools, response, name);
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
