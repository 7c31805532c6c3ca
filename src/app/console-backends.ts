/** What the page of the backends shows, from the operation of the API. */
import type { ApiHandlers } from '../http/api/api.ts';
import type { Answer } from '../http/api/operations.ts';
import type { BackendsView, BackendView } from '../pages/admin/backends.ts';
import { OPERATOR } from './operator-context.ts';

export async function backendsNow(api: () => Promise<Pick<ApiHandlers, 'listBackends'>>): Promise<BackendsView> {
  const { backends } = await (await api()).listBackends({}, OPERATOR);
  return { backends: backends.map(backendView) };
}

type Backend = Answer<'listBackends'>['backends'][number];

function backendView({
  name,
  type,
  state,
  problem,
  since,
  probeMs,
  logins,
  lastFailure,
  servers,
}: Backend): BackendView {
  return {
    name,
    type,
    state: since === null ? 'unknown' : state,
    ...(since === null ? {} : { since: secondsOf(since) }),
    ...(since === null || problem === null ? {} : { problem }),
    ...(probeMs === null ? {} : { probeMs }),
    ...(logins === null ? {} : { logins: { ...logins, lastAt: secondsOf(logins.lastAt) } }),
    ...(lastFailure === null ? {} : { lastFailure: { ...lastFailure, at: secondsOf(lastFailure.at) } }),
    servers: servers.map(({ url, ...server }) => ({
      url,
      state: server.state,
      ...(server.since === null ? {} : { since: secondsOf(server.since) }),
      ...(server.problem === null ? {} : { problem: server.problem }),
    })),
  };
}

/** @param time as the API has it: `2026-05-04T09:30:00Z` */
function secondsOf(time: string): number {
  return Math.floor(Date.parse(time) / 1000);
}
