/** Prometheus metrics. Labels are of low cardinality: backends, services and outcomes, never users or repositories. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { AuditEvent } from '../../core/events.ts';
import type { EventSink } from '../../core/ports.ts';

export interface Metrics extends EventSink {
  page(): Promise<{ readonly contentType: string; readonly text: string }>;
  /** Counts a reload of policy or users. */
  reloaded(outcome: 'loaded' | 'refused'): void;
  backendState(backend: string, up: boolean): void;
  /** Counts that what was remembered of logins was dropped because an operator said so. */
  flushed(): void;
  /** @param dropped lines that could not be written, by target */
  loses(dropped: () => Readonly<Record<string, number>>): void;
  /** @param sizes how many logins of each kind are remembered, asked whenever the page is */
  remembers(sizes: () => Readonly<Record<string, number>>): void;
}

/** From a cached answer to the whole login budget of 8 s. */
const LOGIN_BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 8];

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const decisions = new Counter({
    name: 'fairlead_decisions_total',
    help: 'Scopes decided, by service and by whether all, some or none of what was asked is granted',
    labelNames: ['service', 'outcome'],
    registers,
  });
  const shadowDecisions = new Counter({
    name: 'fairlead_shadow_decisions_total',
    help: 'Scopes decided by the shadow policy, too, by whether it grants the same as the policy in force: same, differs',
    labelNames: ['outcome'],
    registers,
  });
  const tokens = new Counter({
    name: 'fairlead_tokens_total',
    help: 'Token requests, by outcome: issued, or the error code',
    labelNames: ['outcome'],
    registers,
  });
  const logins = new Counter({
    name: 'fairlead_logins_total',
    help: 'Logins, by backend, outcome and where the answer came from: backend, memory, shared with an equal login, stale',
    labelNames: ['backend', 'outcome', 'source'],
    registers,
  });
  const refreshTokens = new Counter({
    name: 'fairlead_refresh_tokens_total',
    help: 'Refresh tokens, by service and by what became of them: issued, withheld, accepted, refused, failed, revoked',
    labelNames: ['service', 'outcome'],
    registers,
  });
  const loginSeconds = new Histogram({
    name: 'fairlead_login_seconds',
    help: 'Time a backend took to answer, in seconds',
    labelNames: ['backend', 'outcome'],
    buckets: LOGIN_BUCKETS,
    registers,
  });
  const refusals = new Counter({
    name: 'fairlead_logins_refused_total',
    help: 'Logins refused, by backend and reason; too-many-attempts: kept from the backend to protect the account',
    labelNames: ['backend', 'reason'],
    registers,
  });
  const flushes = new Counter({
    name: 'fairlead_flushes_total',
    help: 'Times an operator had all or one backend forgotten that was remembered of logins',
    registers,
  });
  const reloads = new Counter({
    name: 'fairlead_reloads_total',
    help: 'Reloads of policy and users; refused: the file was bad and what was in force stays in force',
    labelNames: ['outcome'],
    registers,
  });
  const up = new Gauge({
    name: 'fairlead_backend_up',
    help: 'Whether a backend answered its last probe',
    labelNames: ['backend'],
    registers,
  });

  function record(event: AuditEvent): void {
    switch (event.type) {
      case 'token.issued':
        tokens.inc({ outcome: 'issued' });
        for (const { asked, granted } of event.grants) {
          decisions.inc({ service: event.service, outcome: extent(granted.length, asked.actions.length) });
        }
        return;
      case 'policy.compared':
        shadowDecisions.inc({ outcome: 'same' }, event.same);
        shadowDecisions.inc({ outcome: 'differs' }, event.differing.length);
        return;
      case 'token.refused':
        tokens.inc({ outcome: event.code });
        return;
      case 'refresh-token':
        refreshTokens.inc({ service: event.service, outcome: event.outcome });
        return;
      case 'login':
        logins.inc({ backend: event.backend, outcome: event.outcome, source: event.source });
        if (event.reason !== undefined) refusals.inc({ backend: event.backend, reason: event.reason });
        loginSeconds.observe({ backend: event.backend, outcome: event.outcome }, event.seconds);
    }
  }

  return {
    record,
    page: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
    reloaded: (outcome) => reloads.inc({ outcome }),
    backendState: (backend, isUp) => up.set({ backend }, isUp ? 1 : 0),
    flushed: () => flushes.inc(),
    loses: (dropped) => {
      // oxlint-disable-next-line no-new -- it registers itself
      new Counter({
        name: 'fairlead_log_lines_dropped_total',
        help: 'Lines that were dropped because they could not be written, by target: log, audit (a file of its own)',
        labelNames: ['target'],
        registers,
        collect() {
          this.reset();
          for (const [target, count] of Object.entries(dropped())) this.inc({ target }, count);
        },
      });
    },
    remembers: (sizes) => {
      // oxlint-disable-next-line no-new -- it registers itself
      new Gauge({
        name: 'fairlead_remembered_logins',
        help: 'Logins remembered: right, wrong, and accounts or addresses whose wrong passwords are counted',
        labelNames: ['kind'],
        registers,
        collect() {
          for (const [kind, count] of Object.entries(sizes())) this.set({ kind }, count);
        },
      });
    },
  };
}

function extent(granted: number, asked: number): 'all' | 'some' | 'none' {
  if (granted === 0) return 'none';
  return granted >= asked ? 'all' : 'some';
}
