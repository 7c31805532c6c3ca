/** Liveness and readiness. */
import type { Express, RequestHandler } from 'express';
import type { BackendState } from '../core/ports.ts';
import { mayRead } from './operator-page.ts';
import type { Readers } from './operator-page.ts';
import { respondJson } from './respond.ts';

export interface HealthDeps {
  readonly isDraining: () => boolean;
  /** The state of each backend, by name. */
  readonly backendStates: () => Promise<ReadonlyMap<string, BackendState>>;
  /** The state of the database with the records; undefined: there is none. */
  readonly recordsState: () => Promise<BackendState | undefined>;
  /** Whether audit lines are written; `refusing`: they are not, and so no token is issued. */
  readonly auditState: () => 'ok' | 'failing' | 'refusing';
  /** The revision of the policy in force, and whether the file has become invalid since. */
  readonly policyState: () => {
    readonly revision: string;
    readonly stale: boolean;
    /** The shadow policy; readiness does not depend on it. */
    readonly shadow?: { readonly revision: string | null; readonly stale: boolean };
  };
  /** Whether the files of the signing keys have become invalid, so that the last valid keys are in use. */
  readonly keysState: () => { readonly stale: boolean };
  /** The store that brokers share; `down`: why it is down. Absent: this broker shares nothing. */
  readonly sharedState?: () => { readonly down: string | undefined; readonly brokers: number };
  /** Whether broker.yaml has changed since the start, so that a restart is needed to use it. */
  readonly isConfigChanged: () => boolean;
}

/** @param readers who gets the names of backends and the revision of the policy; everybody gets the status */
export function healthRoutes(app: Express, deps: HealthDeps, readers: Readers): void {
  app.get('/healthz', (_request, response) => respondJson(response, 200, '{"status":"alive"}'));
  app.get('/readyz', readinessRoute(deps, readers));
}

/** A broker that drains is replaced soon. */
const RETRY_SECONDS = { draining: 1, unready: 5 } as const;

function readinessRoute(deps: HealthDeps, readers: Readers): RequestHandler {
  return async (request, response) => {
    const readiness = readinessOf(deps);
    const body = mayRead(readers, request) ? await withDetails(readiness, deps) : { status: readiness };
    if (readiness !== 'ready') response.setHeader('Retry-After', RETRY_SECONDS[readiness]);
    respondJson(response, readiness === 'ready' ? 200 : 503, JSON.stringify(body));
  };
}

/**
 * Ready means that the broker can answer and is not prevented from issuing tokens by its audit trail. It does not depend
 * on the backends or the shared store: all replicas share them, so that "not ready" would take all of them out of rotation. As a
 * sidecar, the broker would take the registry with it, and pulls with valid tokens and cached logins would fail too.
 * The same holds for the database with the records. `fairlead_backend_up` and `fairlead_records_up` are for alerts.
 */
function readinessOf({ isDraining, auditState }: HealthDeps): 'ready' | 'draining' | 'unready' {
  if (isDraining()) return 'draining';
  return auditState() === 'refusing' ? 'unready' : 'ready';
}

async function withDetails(readiness: string, deps: HealthDeps) {
  const { auditState, backendStates, recordsState, policyState, keysState, sharedState, isConfigChanged } = deps;
  const [states, records] = await Promise.all([backendStates(), recordsState()]);
  const audit = auditState();
  const shared = sharedState?.();
  const isDown = [...states.values(), records].some((found) => found?.state === 'down') || shared?.down !== undefined;
  const isDegraded = audit !== 'ok' || isDown;
  return {
    status: readiness === 'ready' && isDegraded ? 'degraded' : readiness,
    backends: Object.fromEntries([...states].map(([name, { state }]) => [name, state])),
    ...(records === undefined ? {} : { records: records.state }),
    policy: policyState(),
    keys: keysState(),
    ...(shared === undefined
      ? {}
      : { shared: { state: shared.down === undefined ? 'up' : 'down', brokers: shared.brokers } }),
    audit,
    ...(isConfigChanged() ? { restartNeeded: true } : {}),
  };
}
