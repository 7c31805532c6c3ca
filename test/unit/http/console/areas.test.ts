/** Who may open the pages: the first handler of each route. */
import type { RequestHandler, Router } from 'express';
import { expect, it } from 'vitest';
import { accessArea } from '../../../../src/http/console/access.ts';
import { adminArea } from '../../../../src/http/console/admin.ts';
import { backendsArea } from '../../../../src/http/console/backends.ts';
import { decisionsArea } from '../../../../src/http/console/decisions.ts';
import type { ConsoleArea, ConsoleTools } from '../../../../src/http/console/deps.ts';
import { policyArea } from '../../../../src/http/console/policy.ts';
import { tokensArea } from '../../../../src/http/console/tokens.ts';

const requireSession: RequestHandler = () => undefined;
const requireAdmin: RequestHandler = () => undefined;

/** Each route of an area, with who may open it. */
function routesOf(area: ConsoleArea): readonly string[] {
  const routes: string[] = [];
  const add =
    (method: string) =>
    (path: string, first: RequestHandler): void => {
      const who = first === requireAdmin ? 'administrators' : first === requireSession ? 'people' : 'EVERYBODY';
      routes.push(`${method} ${path}: ${who}`);
    };
  const router = new Proxy({}, { get: (_target, method) => add(String(method).toUpperCase()) });
  area.addRoutes(router as Router, { requireSession, requireAdmin, base: '' } as unknown as ConsoleTools);
  return routes;
}

const nothing = {} as never;

it('the pages of tokens and of access need a session', () => {
  expect([...routesOf(tokensArea(nothing)), ...routesOf(accessArea(nothing))]).toEqual([
    'GET /console/tokens: people',
    'GET /console/tokens/new: people',
    'POST /console/tokens: people',
    'GET /console/tokens/:id/revoke: people',
    'POST /console/tokens/:id/revoke: people',
    'GET /console/access: people',
  ]);
});

it('each page about others is for administrators', () => {
  expect([
    ...routesOf(decisionsArea(nothing)),
    ...routesOf(adminArea(nothing)),
    ...routesOf(backendsArea(nothing)),
  ]).toEqual([
    'GET /console/decisions: administrators',
    'GET /console/decisions.csv: administrators',
    'GET /console/fleet: administrators',
    'GET /console/people: administrators',
    'GET /console/person: administrators',
    'GET /console/person/end: administrators',
    'POST /console/person/end: administrators',
    'GET /console/backends: administrators',
    'GET /console/backends/test: administrators',
    'POST /console/backends/test: administrators',
  ]);
  expect(routesOf(policyArea(nothing))).toEqual([
    'GET /console/who-can: administrators',
    'GET /console/policy: administrators',
    'GET /console/policy/try: administrators',
    'POST /console/policy/try: administrators',
    'GET /console/policy/shadow: administrators',
  ]);
});

it('a route without a check is found', () => {
  expect(routesOf({ addRoutes: (router) => void router.get('/console/open', () => undefined) })).toEqual([
    'GET /console/open: EVERYBODY',
  ]);
});
