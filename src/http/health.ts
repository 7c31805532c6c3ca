/** Liveness and readiness. */
import type { Express } from 'express';
import type { BackendState } from '../core/ports.ts';
import { respondJson } from './respond.ts';

export interface HealthDeps {
  readonly isDraining: () => boolean;
  /** Whether any service serves requests without credentials, which need no backend. */
  readonly servesAnonymous: boolean;
  /** Each backend's state, by name. */
  readonly backendStates: () => Promise<ReadonlyMap<string, BackendState>>;
  /** Whether audit lines are written; `refusing`: they are not, and so no token is issued. */
  readonly auditState: () => 'ok' | 'failing' | 'refusing';
  /** The revision of the policy in force, and whether the file has since gone bad. */
  readonly policyState: () => {
    readonly revision: string;
    readonly stale: boolean;
    /** The policy of shadow mode; it has no part in being ready. */
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
 * Ready is whoever can still serve somebody: with one backend down the others and anonymous pulls go on, and who needs
 * the lost one is told to try again. A broker that said it is not ready would be taken out of rotation together with
 * all its replicas, which share the directory, and nobody would be told anything.
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
