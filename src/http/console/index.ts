/** The pages for people. The order of the middleware is the security of all of them: headers, origin, then the routes. */
import express from 'express';
import type { Router } from 'express';
import { BrokerError } from '../../core/errors.ts';
import { requireSameOrigin } from '../same-origin.ts';
import { assetRoutes, siteUnder } from './assets.ts';
import { createCookies } from './cookies.ts';
import type { ConsoleDeps, ConsoleTools } from './deps.ts';
import { pageHeaders } from './headers.ts';
import { logoutRoute } from './logout.ts';
import { pageFor, respondErrorPage } from './respond-page.ts';
import { requireAdmin, requireSession, signedInIn } from './session.ts';
import { HOME, signInRoutes } from './sign-in.ts';
import { signInsRoutes } from './sign-ins.ts';

/** Everything below these paths belongs to the console. */
const FOLDERS = ['/console', '/sign-in', '/sign-out'];

/** The paths below which everything belongs to the console and its areas. */
export function consoleFolders({ areas }: Pick<ConsoleDeps, 'areas'>): string[] {
  return [...FOLDERS, ...areas.flatMap((area) => area.folders ?? [])];
}

export function consoleRoutes(deps: ConsoleDeps): Router {
  const { origin, protocol, pathname } = new URL(deps.publicUrl);
  const base = pathname === '/' ? '' : pathname;
  const isSecure = protocol === 'https:';
  const cookies = createCookies(isSecure);
  const site = siteUnder(base, deps.version);
  const shared = { ...deps, base, site, cookies, now: () => deps.clock.now() };
  const session = { base, cookies, find: deps.sessions.find };
  const tools: ConsoleTools = {
    base,
    pageFor: (response) => pageFor(shared, response, signedInIn(response)),
    requireSession: requireSession(session),
    requireAdmin: requireAdmin(session),
  };

  const folders = consoleFolders(deps);
  const router = express.Router({ strict: true, caseSensitive: true });
  // Before the check of the origin: the provider itself sends it, without a cookie.
  logoutRoute(router, deps);
  router.use(folders, pageHeaders(isSecure), requireSameOrigin(origin));
  assetRoutes(router);
  // Somebody who types the address of the server looks for the pages; a client of the registry gets its 404.
  router.get('/', (request, response, next) =>
    request.accepts(['json', 'html']) === 'html' ? response.redirect(303, `${base}${HOME}`) : next(),
  );
  router.get('/console', (_request, response) => response.redirect(303, `${base}${HOME}`));
  signInRoutes(router, shared);
  signInsRoutes(router, shared, tools);
  for (const area of deps.areas) area.addRoutes(router, tools);
  router.use(folders, () => {
    throw new BrokerError('not_found', 'no such page');
  });
  router.use(folders, respondErrorPage(shared));
  return router;
}
