/** Liveness and readiness. */
import type { Express } from 'express';
import type { BackendState } from '../core/ports.ts';
import { respondJson } from './respond.ts';

export interface HealthDeps {
  readonly isDraining: () => boolean;
  /** Whether any service accepts anonymous requests, which need no backend. */
  readonly servesAnonymous: boolean;
  /** The state of each backend, by name. */
  readonly backendStates: () => Promise<ReadonlyMap<string, BackendState>>;
  /** Whether audit lines are written; `refusing`: they are not, and so no token is issued. */
  readonly auditState: () => 'ok' | 'failing' | 'refusing';
  /** The revision of the policy in force, and whether the file has become invalid since. */
  readonly policyState: () => {
    readonly revision: string;
    readonly stale: boolean;
    /** The shadow policy; readiness does not depend on it. */
    readonly shadow?: { readonly revision: string | null; readonly stale: boolean };
  };
}

export function healthRoutes(app: Express, deps: HealthDeps): void {
  app.get('/healthz', (_request, response) => respondJson(response, 200, '{"status":"alive"}'));
  app.get('/readyz', async (_request, response) => {
    const { status, body } = await readiness(deps);
    respondJson(response, status, JSON.stringify(body));
  });
}

/**
 * The broker is ready while it can serve any request: with one backend down, logins at the others and anonymous pulls
 * still work, and users of the failed backend get a 503. All replicas share the directory, so "not ready" would take all
 * of them out of rotation, and no client would get an answer.
 */
async function readiness(deps: HealthDeps) {
  const states = await deps.backendStates();
  const down = [...states.values()].filter(({ state }) => state === 'down').length;
  const audit = deps.auditState();
  const ready = !deps.isDraining() && audit !== 'refusing' && (deps.servesAnonymous || down < states.size);
  return {
    status: ready ? 200 : 503,
    body: {
      status: deps.isDraining() ? 'draining' : !ready ? 'unready' : down > 0 || audit !== 'ok' ? 'degraded' : 'ready',
      backends: Object.fromEntries([...states].map(([name, { state }]) => [name, state])),
      policy: deps.policyState(),
      audit,
    },
  };
}
