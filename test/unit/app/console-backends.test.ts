/** What the page of the backends shows of the answer of the API. */
import { expect, it } from 'vitest';
import { backendsNow } from '../../../src/app/console-backends.ts';
import type { Answer } from '../../../src/http/api/operations.ts';

type Backend = Answer<'listBackends'>['backends'][number];

const UNASKED: Backend = {
  name: 'corp',
  type: 'ldap',
  state: 'down',
  problem: 'not probed',
  since: null,
  probeMs: null,
  logins: null,
  lastFailure: null,
  servers: [],
};
const AT = '2026-05-04T09:30:00Z';
const SECONDS = Date.UTC(2026, 4, 4, 9, 30) / 1000;

const shown = async (backend: Backend) =>
  (await backendsNow(async () => ({ listBackends: async () => ({ backends: [backend] }) }))).backends;

it('a backend that was not asked yet is shown as that, and not as down', async () => {
  expect(await shown(UNASKED)).toEqual([{ name: 'corp', type: 'ldap', state: 'unknown', servers: [] }]);
});

it('times are those of the API, and what is not known is left out', async () => {
  const logins = { count: 2, p50Ms: 4.1, p95Ms: 42, lastAt: AT };
  const servers = [
    { url: 'ldap://dc1', state: 'down', since: AT, problem: 'refused' },
    { url: 'ldap://dc2', state: 'unused', since: null, problem: null },
  ] as const;
  const failure = { at: AT, cause: 'no answer in time' };

  const [backend] = await shown({
    ...UNASKED,
    problem: 'refused',
    since: AT,
    probeMs: 1.5,
    logins,
    lastFailure: failure,
    servers: [...servers],
  });

  expect(backend).toEqual({
    name: 'corp',
    type: 'ldap',
    state: 'down',
    since: SECONDS,
    problem: 'refused',
    probeMs: 1.5,
    logins: { ...logins, lastAt: SECONDS },
    lastFailure: { at: SECONDS, cause: 'no answer in time' },
    servers: [
      { url: 'ldap://dc1', state: 'down', since: SECONDS, problem: 'refused' },
      { url: 'ldap://dc2', state: 'unused' },
    ],
  });
});
