/** The recent decisions of this broker, for administrators. */
import type { Request, Response, Router } from 'express';
import type { DecisionFilter, RecentDecision, RecentDecisions } from '../../core/recent-decision.ts';
import { decisionsPage } from '../../pages/admin/decisions.ts';
import { csvLine } from './csv.ts';
import { decisionRow, viaText } from './decision-views.ts';
import type { ConsoleArea, ConsoleTools } from './deps.ts';
import { queryOf } from '../form.ts';
import { respondPage } from './respond-page.ts';

const MAX_SHOWN = 200;
const MAX_FILTER = 256;

export function decisionsArea(recent: RecentDecisions): ConsoleArea {
  return {
    addRoutes: (router: Router, tools: ConsoleTools) => {
      router.get('/console/decisions', tools.requireAdmin, (request, response) =>
        show(recent, tools, request, response),
      );
      router.get('/console/decisions.csv', tools.requireAdmin, (request, response) =>
        download(recent, request, response),
      );
    },
  };
}

function filterOf(request: Request): DecisionFilter {
  const query = queryOf(request);
  const text = (name: string): string => query.get(name)?.trim().slice(0, MAX_FILTER) ?? '';
  return { person: text('person'), repository: text('repository'), isRefusedOnly: query.get('refused') === 'yes' };
}

function show(recent: RecentDecisions, tools: ConsoleTools, request: Request, response: Response): void {
  const filter = filterOf(request);
  const { found, more } = recent.find(filter, MAX_SHOWN);
  const page = decisionsPage(tools.pageFor(response), {
    rows: found.map(decisionRow),
    filter,
    capacity: recent.capacity,
    count: recent.count(),
    since: {
      user: recent.since(['user']),
      nameless: recent.since(['nameless']),
      refused: recent.since(['refused']),
    },
    hidden: more,
  });
  respondPage(response, 200, page);
}

const COLUMNS = [
  'time',
  'user',
  'via',
  'service',
  'scope',
  'asked',
  'granted',
  'rules',
  'refusal',
  'client',
  'request',
];

/** One line for each scope. */
function download(recent: RecentDecisions, request: Request, response: Response): void {
  const { found } = recent.find(filterOf(request), recent.capacity);
  const lines = [csvLine(COLUMNS), ...found.flatMap(csvLines)];
  response.setHeader('Content-Disposition', 'attachment; filename="decisions.csv"');
  response.type('text/csv').send(lines.join(''));
}

function csvLines(decision: RecentDecision): readonly string[] {
  const { requestId, at, username = '', service, client, scopes, refusal } = decision;
  const start = [new Date(at * 1000).toISOString(), username, viaText(decision), service];
  const end = [refusal?.code ?? '', client, requestId];
  if (scopes.length === 0) return [csvLine([...start, '', '', '', '', ...end])];
  return scopes.map(({ asked, granted, because }) => {
    const rules = because.map(({ rule }) => rule).join('; ');
    return csvLine([
      ...start,
      `${asked.type}:${asked.name}`,
      asked.actions.join(','),
      granted.join(','),
      rules,
      ...end,
    ]);
  });
}
