/** Liveness and readiness. */
import type { Express } from 'express';
import type { BackendState } from '../core/ports.ts';
import { respondJson } from './respond.ts';

export interface HealthDeps {
  readonly isDraining: () => boolean;
  /** Each backend's state, by name. */
  readonly backendStates: () => Promise<ReadonlyMap<string, BackendState>>;
  /** The revision of the policy in force, and whether the file has since gone bad. */
  readonly policyState: () => { readonly revision: string; readonly stale: boolean };
}

export function healthRoutes(app: Express, deps: HealthDeps): void {
  app.get('/healthz', (_request, response) => respondJson(response, 200, '{"status":"alive"}'));
  app.get('/readyz', async (_request, response) => {
    const { status, body } = await readiness(deps);
    respondJson(response, status, JSON.stringify(body));
  });
}

/**
 * Ready is whoever can still serve somebody: with one backend down the others and anonymous pulls go on, so only the
 * loss of all of them, or draining, takes the broker out of rotation. What is wrong with a backend stands in the log.
 */
async function readiness(deps: HealthDeps) {
  const states = await deps.backendStates();
  const down = [...states.values()].filter(({ state }) => state === 'down').length;
  const ready = !deps.isDraining() && (states.size === 0 || down < states.size);
  return {
    status: ready ? 200 : 503,
    body: {
      status: deps.isDraining() ? 'draining' : !ready ? 'unready' : down > 0 ? 'degraded' : 'ready',
      backends: Object.fromEntries([...states].map(([name, { state }]) => [name, state])),
      policy: deps.policyState(),
    },
  };
}
