/** Prometheus metrics. Labels have few values: backends, services and outcomes, never users or repositories. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { AuditEvent } from '../../core/events.ts';
import type { EventSink } from '../../core/ports.ts';
import { credentialLabel, refusedCredential } from './credential-label.ts';
import { fileMetrics } from './file-metrics.ts';
import type { FileMetrics } from './file-metrics.ts';
import { listenerMetrics } from './listener-metrics.ts';
import type { ListenerMetrics } from './listener-metrics.ts';
import { recordMetrics } from './record-metrics.ts';
import type { RecordMetrics } from './record-metrics.ts';
import { sharedStoreMetrics } from './shared-store-metrics.ts';
import type { SharedStoreMetrics } from './shared-store-metrics.ts';
import { signingMetrics } from './signing-metrics.ts';
import type { SigningMetrics } from './signing-metrics.ts';

export interface Metrics extends EventSink, FileMetrics, RecordMetrics, SharedStoreMetrics, SigningMetrics {
  page(): Promise<{ readonly contentType: string; readonly text: string }>;
  /** Counts a flush of the login cache by an operator. */
  countFlush(): void;
  setBackendUp(backend: string, isUp: boolean): void;
  /** @param dropped the number of lines that could not be written, by target; called whenever the page is read */
  observeDroppedLines(dropped: () => Readonly<Record<string, number>>): void;
  readonly listeners: ListenerMetrics;
  /** @param sizes the number of entries of each kind; called whenever the page is read */
  observeLoginCache(sizes: () => Readonly<Record<string, number>>): void;
}

/** @param version of Fairlead */
export function createMetrics(version: string): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const events = eventMetrics(registry);
  const { flushes, up } = operatorMetrics(registry);
  return {
    record: (event) => record(events, event),
    page: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
    ...fileMetrics(registry, version),
    ...recordMetrics(registry),
    ...sharedStoreMetrics(registry),
    ...signingMetrics(registry),
    countFlush: () => flushes.inc(),
    listeners: listenerMetrics(registry),
    setBackendUp: (backend, isUp) => up.set({ backend }, isUp ? 1 : 0),
    observeDroppedLines: (dropped) => addDroppedLinesCounter(registry, dropped),
    observeLoginCache: (sizes) => addLoginCacheGauge(registry, sizes),
  };
}

/** From a cached answer to the whole login budget of 8 s. */
const LOGIN_BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 8];

type EventMetrics = ReturnType<typeof eventMetrics>;

/** The metrics that audit events change. */
function eventMetrics(registry: Registry) {
  const counter = counterOf(registry);
  return {
    decisions: counter(
      'fairlead_decisions_total',
      'Scopes decided, by service and by whether all, some or none of the requested actions are granted',
      ['service', 'outcome'],
    ),
    shadowDecisions: counter(
      'fairlead_shadow_decisions_total',
      'Scopes decided by the shadow policy too, by whether it grants the same as the policy in force: same, differs',
      ['outcome'],
    ),
    tokens: counter('fairlead_tokens_total', 'Token requests, by outcome: issued, or the error code', ['outcome']),
    forwardAuth: counter(
      'fairlead_forward_auth_total',
      'Requests to registries that a proxy asked about, by service and outcome: allowed, or why it is refused',
      ['service', 'outcome'],
    ),
    logins: counter(
      'fairlead_logins_total',
      'Logins, by backend, outcome and source of the answer: backend, memory (the cache), shared with an equal login, stale',
      ['backend', 'outcome', 'source'],
    ),
    refusals: counter(
      'fairlead_logins_refused_total',
      'Logins refused, by backend and reason; too-many-attempts: not sent to the backend, because of the limit of an account, name or address',
      ['backend', 'reason', 'limit'],
    ),
    credentials: counter(
      'fairlead_requests_by_credential_total',
      'Token requests, and requests of a proxy with user name and password, that were answered or refused, by the kind of their credential: anonymous, password, id-token, refresh-token, personal-token, robot-token, session',
      ['credential', 'outcome'],
    ),
    refreshTokens: counter(
      'fairlead_refresh_tokens_total',
      'Refresh tokens, by service and event: issued, withheld, accepted, refused, failed, revoked',
      ['service', 'outcome'],
    ),
    helperLogins: counter(
      'fairlead_helper_logins_total',
      'Logins of the credential helper, by method and event: asked, approved, denied, redeemed, refused',
      ['method', 'outcome'],
    ),
    loginTests: counter(
      'fairlead_login_tests_total',
      'Logins that administrators tested on the page of the backends, by result: authenticated, unknown-user, rejected, failed, limited',
      ['outcome'],
    ),
    sessions: counter('fairlead_sessions_total', 'Sessions of browsers, by event: opened, ended, unrecorded', [
      'outcome',
    ]),
    apiChanges: counter(
      'fairlead_api_changes_total',
      'Operations of the API that change something, by operation and outcome: done, failed, refused',
      ['operation', 'outcome'],
    ),
    personalTokens: counter(
      'fairlead_personal_tokens_total',
      'Personal tokens, by event: created, withheld, used, refused, failed, revoked',
      ['outcome'],
    ),
    loginSeconds: new Histogram({
      name: 'fairlead_login_seconds',
      help: 'Time a backend took to answer, in seconds',
      labelNames: ['backend', 'outcome'],
      buckets: LOGIN_BUCKETS,
      registers: [registry],
    }),
  };
}

function record(metrics: EventMetrics, event: AuditEvent): void {
  switch (event.type) {
    case 'token.issued':
      metrics.tokens.inc({ outcome: 'issued' });
      metrics.credentials.inc({ credential: credentialLabel(event.caller), outcome: 'accepted' });
      countDecisions(metrics, event);
      return;
    case 'access.decided':
      metrics.credentials.inc({ credential: credentialLabel(event.caller), outcome: 'accepted' });
      countDecisions(metrics, event);
      return;
    case 'access.checked':
      metrics.forwardAuth.inc({ service: event.service, outcome: event.outcome });
      countRefused(metrics, event.outcome);
      return;
    case 'policy.compared':
      metrics.shadowDecisions.inc({ outcome: 'same' }, event.same);
      metrics.shadowDecisions.inc({ outcome: 'differs' }, event.differing.length);
      return;
    case 'token.refused':
      metrics.tokens.inc({ outcome: event.code });
      countRefused(metrics, event.code);
      return;
    case 'token.withheld':
      // The refusal of the same request is counted.
      return;
    case 'refresh-token':
      metrics.refreshTokens.inc({ service: event.service, outcome: event.outcome });
      return;
    case 'helper-login':
      metrics.helperLogins.inc({ method: event.method, outcome: event.outcome });
      return;
    case 'session':
      metrics.sessions.inc({ outcome: event.outcome });
      return;
    case 'login-test':
      metrics.loginTests.inc({ outcome: event.outcome });
      return;
    case 'api':
      metrics.apiChanges.inc({ operation: event.operation, outcome: event.outcome });
      return;
    case 'personal-token':
      metrics.personalTokens.inc({ outcome: event.outcome });
      return;
    case 'login':
      metrics.logins.inc({ backend: event.backend, outcome: event.outcome, source: event.source });
      if (event.reason !== undefined) {
        const { backend, reason, limit = '' } = event;
        metrics.refusals.inc({ backend, reason, limit });
      }
      metrics.loginSeconds.observe({ backend: event.backend, outcome: event.outcome }, event.seconds);
  }
}

function countRefused({ credentials }: EventMetrics, code: string): void {
  const credential = refusedCredential(code);
  if (credential !== undefined) credentials.inc({ credential, outcome: 'refused' });
}

function countDecisions(
  metrics: EventMetrics,
  { service, grants }: Extract<AuditEvent, { readonly grants: unknown }>,
): void {
  for (const { asked, granted } of grants) {
    metrics.decisions.inc({ service, outcome: extent(granted.length, asked.actions.length) });
  }
}

function extent(granted: number, asked: number): 'all' | 'some' | 'none' {
  if (granted === 0) return 'none';
  return granted >= asked ? 'all' : 'some';
}

/** The metrics of flushes and probes. */
function operatorMetrics(registry: Registry) {
  const counter = counterOf(registry);
  return {
    flushes: counter('fairlead_flushes_total', 'Flushes of the login cache of one or all backends by an operator', []),
    up: new Gauge({
      name: 'fairlead_backend_up',
      help: 'Whether a backend answered its last probe',
      labelNames: ['backend'],
      registers: [registry],
    }),
  };
}

function addLoginCacheGauge(registry: Registry, sizes: () => Readonly<Record<string, number>>): void {
  // oxlint-disable-next-line no-new -- it registers itself
  new Gauge({
    name: 'fairlead_remembered_logins',
    help: 'Login cache entries: right, wrong, accounts, names or addresses whose wrong passwords are counted, and what is trusted',
    labelNames: ['kind'],
    registers: [registry],
    collect() {
      for (const [kind, count] of Object.entries(sizes())) this.set({ kind }, count);
    },
  });
}

function addDroppedLinesCounter(registry: Registry, dropped: () => Readonly<Record<string, number>>): void {
  // oxlint-disable-next-line no-new -- it registers itself
  new Counter({
    name: 'fairlead_log_lines_dropped_total',
    help: 'Lines that were dropped because they could not be written, by target: log, audit (a file of its own)',
    labelNames: ['target'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [target, count] of Object.entries(dropped())) this.inc({ target }, count);
    },
  });
}

function counterOf(registry: Registry) {
  return <Label extends string>(name: string, help: string, labelNames: readonly Label[]): Counter<Label> =>
    new Counter({ name, help, labelNames, registers: [registry] });
}
