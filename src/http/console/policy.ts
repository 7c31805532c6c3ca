/** The pages of administrators about the policy. Everybody else gets 404. */
import { isIP } from 'node:net';
import type { Request, Response, Router } from 'express';
import { isAction } from '../../core/access.ts';
import type { Action } from '../../core/access.ts';
import type { RequestContext } from '../../core/events.ts';
import type { DifferenceFilter, ShadowDifference, ShadowDifferences } from '../../core/shadow-difference.ts';
import { policyPage } from '../../pages/admin/policy.ts';
import type { PolicyView } from '../../pages/admin/policy.ts';
import { shadowPage } from '../../pages/admin/shadow.ts';
import type { ShadowView } from '../../pages/admin/shadow.ts';
import { tryOutPage } from '../../pages/admin/try-out.ts';
import type { TryOutResult } from '../../pages/admin/try-out.ts';
import { whoCanPage } from '../../pages/admin/who-can.ts';
import type { WhoCanView } from '../../pages/admin/who-can.ts';
import { contextOf } from '../context.ts';
import { formReader, queryOf, readForm } from '../form.ts';
import { repositoryProblem } from './access.ts';
import { readImageName } from './image-name.ts';
import { ruleViews, scopeName } from './decision-views.ts';
import type { ConsoleArea, ConsoleTools } from './deps.ts';
import { respondPage } from './respond-page.ts';

/** What a question cannot be answered for, as a sentence. */
export interface Unanswered {
  readonly problem: string;
}

interface WhoCanQuestion {
  readonly action: Action;
  readonly repository: string;
  readonly service: string;
  /** The address from which somebody asks. */
  readonly client: string;
}

export interface PolicyAreaDeps {
  /** The names of the configured services. */
  readonly services: readonly string[];
  readonly whoCan: (
    question: WhoCanQuestion,
    context: RequestContext,
  ) => Promise<NonNullable<WhoCanView['answer']> | Unanswered>;
  readonly policy: (context: RequestContext) => Promise<PolicyView>;
  /** The text of the policy file; empty when it cannot be read. */
  readonly policyText: () => Promise<string>;
  readonly tryOut: (text: string) => Promise<TryOutResult | Unanswered>;
  /** Undefined: there is no shadow policy. */
  readonly shadow: () => Promise<ShadowView | undefined>;
  readonly differences: ShadowDifferences;
}

const MAX_NAME = 256;
/** Differences on a page. */
const MAX_SHOWN = 100;

export function policyArea(deps: PolicyAreaDeps): ConsoleArea {
  return {
    addRoutes: (router: Router, tools: ConsoleTools) => {
      const { requireAdmin, pageFor } = tools;
      router.get('/console/who-can', requireAdmin, (request, response) => whoCan(deps, tools, request, response));
      router.get('/console/policy', requireAdmin, async (_request, response) => {
        respondPage(response, 200, policyPage(pageFor(response), await deps.policy(contextOf(response))));
      });
      router.get('/console/policy/try', requireAdmin, async (_request, response) => {
        respondPage(response, 200, tryOutPage(pageFor(response), { text: await deps.policyText() }));
      });
      router.post('/console/policy/try', requireAdmin, limitedTryOut(deps, tools));
      router.get('/console/policy/shadow', requireAdmin, (request, response) => shadow(deps, tools, request, response));
    },
  };
}

async function whoCan(deps: PolicyAreaDeps, tools: ConsoleTools, request: Request, response: Response): Promise<void> {
  const { services } = deps;
  const query = queryOf(request);
  const respond = (view: Omit<WhoCanView, 'services'>): void =>
    respondPage(response, 200, whoCanPage(tools.pageFor(response), { services, ...view }));
  const typed = query.get('repository');
  if (typed === null) return respond({});
  const { repository, service: named } = readImageName(typed, services);
  const [first = ''] = services;
  const service = named ?? query.get('service') ?? first;
  const action = query.get('action') ?? '';
  const question = {
    action: isAction(action) ? action : ('pull' as const),
    repository: repository.slice(0, MAX_NAME),
    service: services.includes(service) ? service : first,
    client: query.get('client')?.trim().slice(0, MAX_NAME) || contextOf(response).client,
  };
  const problem = repositoryProblem(repository) ?? addressProblem(question.client);
  if (problem !== undefined) return respond({ question, problem });
  const answer = await deps.whoCan(question, contextOf(response));
  if ('problem' in answer) return respond({ question, problem: answer.problem });
  return respond({ question, answer });
}

function addressProblem(client: string): string | undefined {
  return isIP(client) === 0 ? 'Enter an IP address, such as 10.1.4.7.' : undefined;
}

/** A policy of the largest size, in a form that takes three bytes for a character. */
const readLargeForm = formReader('3mb');
/** Forms that are read and answered at the same time: each takes some ten megabytes. */
const MAX_FORMS = 4;

function limitedTryOut(deps: PolicyAreaDeps, tools: ConsoleTools) {
  let forms = 0;
  return async (request: Request, response: Response): Promise<void> => {
    if (forms >= MAX_FORMS) {
      const view = { text: '', problem: 'Other policies are being tried out. Go back, and try again in a moment.' };
      return respondPage(response, 503, tryOutPage(tools.pageFor(response), view));
    }
    forms += 1;
    try {
      await tryOut(deps, tools, request, response);
    } finally {
      forms -= 1;
    }
  };
}

/** Changes nothing, so that a reload of the answer does no harm. */
async function tryOut(deps: PolicyAreaDeps, tools: ConsoleTools, request: Request, response: Response): Promise<void> {
  const sent = (await readForm(request, response, readLargeForm)).get('policy') ?? '';
  // A form ends lines with CR and LF (HTML, multipart and URL-encoded forms). The revision is that of the file.
  const text = sent.replaceAll('\r\n', '\n');
  const result = await deps.tryOut(text);
  const view = 'problem' in result ? { text, problem: result.problem } : { text, result };
  respondPage(response, 200, tryOutPage(tools.pageFor(response), view));
}

async function shadow(deps: PolicyAreaDeps, tools: ConsoleTools, request: Request, response: Response): Promise<void> {
  const filter = filterOf(request);
  const { found, more } = deps.differences.find(filter, MAX_SHOWN);
  const page = shadowPage(tools.pageFor(response), {
    shadow: await deps.shadow(),
    rows: found.map(rowOf),
    hidden: more,
    capacity: deps.differences.capacity,
    filter: { change: '', ...filter },
  });
  respondPage(response, 200, page);
}

function filterOf(request: Request): DifferenceFilter {
  const query = queryOf(request);
  const text = (name: string): string => query.get(name)?.trim().slice(0, MAX_NAME) ?? '';
  const change = text('change');
  return {
    person: text('person'),
    repository: text('repository'),
    ...(change === 'gained' || change === 'lost' ? { change } : {}),
  };
}

function rowOf({ requestId, at, username, service, client, asked, inForce, shadow: other }: ShadowDifference) {
  return {
    requestId,
    at,
    username,
    name: scopeName(asked),
    asked: asked.actions,
    service,
    from: client,
    before: { granted: inForce.granted, rules: ruleViews(inForce.because) },
    after: { granted: other.granted, rules: ruleViews(other.because) },
  };
}
