/** Which metric each event changes. */
import { expect, it } from 'vitest';
import type { ErrorCode } from '../../../../src/core/errors.ts';
import { ANONYMOUS, username } from '../../../../src/core/identity.ts';
import type { Caller } from '../../../../src/core/identity.ts';
import { robotIdentity } from '../../../../src/core/robot.ts';
import type { AuditEvent } from '../../../../src/core/events.ts';
import { createMetrics } from '../../../../src/platform/audit/metrics.ts';

const request = { requestId: 'id-1', client: '192.0.2.1' };
const asked = { type: 'repository', name: 'web/a', actions: ['pull', 'push'] };
const grant = (...granted: ('pull' | 'push')[]) => ({ asked, granted, because: [] });
const login = { type: 'login', request, backend: 'corp', username: 'alice', source: 'backend', seconds: 0.02 } as const;

/** The lines of Fairlead's metrics with a value other than 0, without buckets. */
async function linesAfter(change: (metrics: ReturnType<typeof createMetrics>) => void): Promise<readonly string[]> {
  const metrics = createMetrics('1.2.3');
  change(metrics);
  const { text } = await metrics.page();
  return text.split('\n').filter((line) => /^fairlead_(?!build_info)(?!.*_bucket)(?!.* 0$)/.test(line));
}

it.each<[string, AuditEvent, readonly string[]]>([
  [
    'an issued token counts each scope by its extent',
    {
      type: 'token.issued',
      request,
      caller: ANONYMOUS,
      service: 'r',
      time: 1_700_000_000,
      grants: [grant('pull', 'push'), grant('pull'), grant(), grant()],
      attributes: new Map(),
      malformed: [],
      tokenId: 't',
      isReused: false,
      policyRevision: 'p',
      expiresIn: 300,
    },
    [
      'fairlead_decisions_total{service="r",outcome="all"} 1',
      'fairlead_decisions_total{service="r",outcome="some"} 1',
      'fairlead_decisions_total{service="r",outcome="none"} 2',
      'fairlead_tokens_total{outcome="issued"} 1',
      'fairlead_requests_by_credential_total{credential="anonymous",outcome="accepted"} 1',
    ],
  ],
  [
    'a decision of forward-auth counts its scopes',
    {
      type: 'access.decided',
      request,
      caller: ANONYMOUS,
      service: 'r',
      time: 1_700_000_000,
      grants: [grant('pull'), grant()],
      attributes: new Map(),
      policyRevision: 'p',
    },
    [
      'fairlead_decisions_total{service="r",outcome="some"} 1',
      'fairlead_decisions_total{service="r",outcome="none"} 1',
      'fairlead_requests_by_credential_total{credential="anonymous",outcome="accepted"} 1',
    ],
  ],
  [
    'a request that a proxy asks about counts its outcome',
    { type: 'access.checked', request, service: 'r', outcome: 'insufficient_scope', needs: [asked], username: 'alice' },
    ['fairlead_forward_auth_total{service="r",outcome="insufficient_scope"} 1'],
  ],
  [
    'a refused token request counts its error code',
    { type: 'token.refused', request, code: 'misplaced_token', service: 'r', cause: '' },
    ['fairlead_tokens_total{outcome="misplaced_token"} 1'],
  ],
  [
    'a comparison with the shadow policy counts equal and different decisions',
    {
      type: 'policy.compared',
      request,
      caller: ANONYMOUS,
      service: 'r',
      policyRevision: 'p',
      shadowRevision: 's',
      same: 2,
      differing: [{ served: grant(), shadow: grant('pull') }],
    },
    ['fairlead_shadow_decisions_total{outcome="same"} 2', 'fairlead_shadow_decisions_total{outcome="differs"} 1'],
  ],
  [
    'a refresh token counts its outcome',
    { type: 'refresh-token', request, outcome: 'revoked', service: 'r' },
    ['fairlead_refresh_tokens_total{service="r",outcome="revoked"} 1'],
  ],
  [
    'a personal token counts its outcome',
    { type: 'personal-token', request, outcome: 'revoked', id: 'x' },
    ['fairlead_personal_tokens_total{outcome="revoked"} 1'],
  ],
  [
    'an operation of the API that changes something counts its outcome',
    { type: 'api', request, via: 'socket', operation: 'flush', outcome: 'done' },
    ['fairlead_api_changes_total{operation="flush",outcome="done"} 1'],
  ],
  [
    'a rejected login counts its source, its reason and its time',
    { ...login, outcome: 'rejected', reason: 'locked' },
    [
      'fairlead_logins_total{backend="corp",outcome="rejected",source="backend"} 1',
      'fairlead_logins_refused_total{backend="corp",reason="locked",limit=""} 1',
      'fairlead_login_seconds_sum{backend="corp",outcome="rejected"} 0.02',
      'fairlead_login_seconds_count{backend="corp",outcome="rejected"} 1',
    ],
  ],
  [
    'a login beyond a limit counts the kind of the limit',
    { ...login, outcome: 'rejected', reason: 'too-many-attempts', limit: 'address' },
    [
      'fairlead_logins_total{backend="corp",outcome="rejected",source="backend"} 1',
      'fairlead_logins_refused_total{backend="corp",reason="too-many-attempts",limit="address"} 1',
      'fairlead_login_seconds_sum{backend="corp",outcome="rejected"} 0.02',
      'fairlead_login_seconds_count{backend="corp",outcome="rejected"} 1',
    ],
  ],
  [
    'a successful login counts no refusal',
    { ...login, outcome: 'authenticated' },
    [
      'fairlead_logins_total{backend="corp",outcome="authenticated",source="backend"} 1',
      'fairlead_login_seconds_sum{backend="corp",outcome="authenticated"} 0.02',
      'fairlead_login_seconds_count{backend="corp",outcome="authenticated"} 1',
    ],
  ],
])('%s', async (_what, event, expected) => {
  expect(await linesAfter((metrics) => metrics.record(event))).toEqual(expected);
});

it('reloads, flushes, backend states and the login cache have a metric each', async () => {
  const lines = await linesAfter((metrics) => {
    metrics.countReload('policy', 'refused');
    metrics.countFlush();
    metrics.setBackendUp('corp', true);
    metrics.observeLoginCache(() => ({ right: 2, wrong: 1, counted: 3 }));
  });

  expect(lines).toEqual([
    'fairlead_flushes_total 1',
    'fairlead_backend_up{backend="corp"} 1',
    'fairlead_reloads_total{source="policy",outcome="refused"} 1',
    'fairlead_remembered_logins{kind="right"} 2',
    'fairlead_remembered_logins{kind="wrong"} 1',
    'fairlead_remembered_logins{kind="counted"} 3',
  ]);
});

it('a source is stale from a refused reading to the next good one, and keeps the time of the last good one', async () => {
  const read = (outcomes: readonly ('loaded' | 'refused')[]) =>
    linesAfter((metrics) => outcomes.forEach((outcome, at) => metrics.recordRead('policy', outcome, 1000 + at)));

  expect(await read(['loaded'])).toEqual(['fairlead_source_loaded_timestamp_seconds{source="policy"} 1000']);
  expect(await read(['loaded', 'refused'])).toEqual([
    'fairlead_source_stale{source="policy"} 1',
    'fairlead_source_loaded_timestamp_seconds{source="policy"} 1000',
  ]);
  expect(await read(['loaded', 'refused', 'loaded'])).toEqual([
    'fairlead_source_loaded_timestamp_seconds{source="policy"} 1002',
  ]);
});

it('the page has the revisions in force, their failed tests, and whether the configuration has changed', async () => {
  let revision = 'r1';
  const metrics = createMetrics('1.2.3');
  metrics.observePolicies(() => ({
    active: { revision, failedTests: 0 },
    shadow: { revision: undefined, failedTests: 2 },
  }));
  metrics.observeConfigChange(() => revision === 'r2');
  const lines = async () =>
    (await metrics.page()).text.split('\n').filter((line) => /^fairlead_(?:policy|config|build)/.test(line));

  expect(await lines()).toEqual([
    `fairlead_build_info{version="1.2.3",node="${process.version}"} 1`,
    'fairlead_policy_info{policy="active",revision="r1"} 1',
    'fairlead_policy_failed_tests{policy="active"} 0',
    'fairlead_policy_failed_tests{policy="shadow"} 2',
    'fairlead_config_changed 0',
  ]);
  revision = 'r2';
  expect((await lines()).slice(1, 2)).toEqual(['fairlead_policy_info{policy="active",revision="r2"} 1']);
  expect((await lines()).at(-1)).toBe('fairlead_config_changed 1');
});

const identity = {
  username: username('alice'),
  groups: new Set<never>(),
  backend: 'corp',
  caseless: false,
  attributes: new Map(),
};

it.each<[string, Caller]>([
  ['anonymous', ANONYMOUS],
  ['password', { kind: 'user', identity }],
  ['id-token', { kind: 'user', identity: { ...identity, notAfter: 1_700_000_300 } }],
  ['refresh-token', { kind: 'user', identity, via: { kind: 'refresh-token', id: 'x' } }],
  ['personal-token', { kind: 'user', identity, via: { kind: 'personal-token', id: 'x', name: 'laptop' } }],
  ['robot-token', { kind: 'user', identity: robotIdentity('web-ci'), via: { kind: 'personal-token', id: 'x' } }],
  ['session', { kind: 'user', identity, via: { kind: 'session', id: 'x' } }],
])('an issued token counts for the credential %s, and names nobody', async (credential, caller) => {
  const about = { service: 'r', time: 1, grants: [], attributes: new Map(), malformed: [], tokenId: 't' };
  const event = { type: 'token.issued', request, caller, ...about, isReused: false, policyRevision: 'p' } as const;

  const lines = await linesAfter((metrics) => metrics.record({ ...event, expiresIn: 300 }));

  expect(lines).toContain(`fairlead_requests_by_credential_total{credential="${credential}",outcome="accepted"} 1`);
  expect(lines.join()).not.toMatch(/alice|web-ci|laptop/);
});

it.each<[ErrorCode, string | undefined]>([
  ['invalid_credentials', 'password'],
  ['token_refused', 'id-token'],
  ['refresh_token_refused', 'refresh-token'],
  ['personal_token_refused', 'personal-token'],
  ['damaged_token', 'personal-token'],
  ['login_required', 'anonymous'],
  ['backend_unavailable', undefined],
  ['records_unavailable', undefined],
])('a refusal with the code %s counts for the credential %s', async (code, credential) => {
  const lines = await linesAfter((metrics) =>
    metrics.record({ type: 'token.refused', request, code, service: 'r', cause: '' }),
  );

  expect(lines.filter((line) => line.includes('by_credential'))).toEqual(
    credential === undefined
      ? []
      : [`fairlead_requests_by_credential_total{credential="${credential}",outcome="refused"} 1`],
  );
});

it('a request of a proxy with a password counts for its credential as a token request does', async () => {
  const about = { request, service: 'r' } as const;
  const decided = { caller: ANONYMOUS, time: 1, grants: [], attributes: new Map(), policyRevision: 'p' } as const;

  const lines = await linesAfter((metrics) => {
    metrics.record({ type: 'access.decided', ...about, ...decided });
    metrics.record({ type: 'access.checked', ...about, outcome: 'personal_token_refused', needs: [] });
    metrics.record({ type: 'access.checked', ...about, outcome: 'allowed', needs: [] });
  });

  expect(lines.filter((line) => line.includes('by_credential'))).toEqual([
    'fairlead_requests_by_credential_total{credential="anonymous",outcome="accepted"} 1',
    'fairlead_requests_by_credential_total{credential="personal-token",outcome="refused"} 1',
  ]);
});
