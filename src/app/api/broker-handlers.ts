/** What the operations about the broker do. */
import type { BrokerConfig } from '../../config/broker-schema.ts';
import type { BackendState, Clock, ServerState } from '../../core/ports.ts';
import type { ApiHandlers } from '../../http/api/api.ts';
import type { brokerOperations } from '../../http/api/broker-operations.ts';
import { ApiProblem } from '../../http/api/problem.ts';
import type { Answer } from '../../http/api/operations.ts';
import type { HealthDeps } from '../../http/health.ts';
import type { LoginTimes } from '../../platform/audit/login-times.ts';
import type { SharedFleet } from '../../platform/valkey/shared-store.ts';
import type { BackendStates } from '../backend-states.ts';
import { reachFleet } from '../fleet-flush.ts';
import type { Flush } from '../flush.ts';
import { listKeys } from '../key-list.ts';
import { timeText } from '../key-rotation.ts';

export interface BrokerHandlerDeps extends HealthDeps {
  readonly config: BrokerConfig;
  readonly version: string;
  /** Of broker.yaml as it was read at the start. */
  readonly configRevision: string;
  readonly probeBackend: BackendStates['probe'];
  readonly lastProbe: BackendStates['lastProbe'];
  readonly loginTimes: Pick<LoginTimes, 'logins' | 'lastFailure'>;
  /** The servers of a backend that has several; see `Authenticator.servers`. */
  readonly serversOf: (backend: string) => readonly ServerState[];
  readonly flush: Flush;
  /** Absent: this broker shares nothing. */
  readonly fleet?: SharedFleet | undefined;
  readonly clock: Clock;
  /** When the broker started, by both times of the clock. */
  readonly started: { readonly at: number; readonly monotonic: number };
}

type BrokerHandlers = Pick<ApiHandlers, keyof typeof brokerOperations>;

export function brokerHandlers(deps: BrokerHandlerDeps): BrokerHandlers {
  const { config, fleet, started } = deps;
  return {
    getStatus: async () => ({
      version: deps.version,
      startedAt: timeText(started.at),
      uptimeSeconds: Math.floor((deps.clock.monotonic() - started.monotonic) / 1000),
      ...(await stateOf(deps)),
    }),
    listBackends: async () => {
      const states = await deps.backendStates();
      return { backends: config.backends.map(({ name, type }) => backendOf(name, type, states.get(name), deps)) };
    },
    probeBackend: async ({ backend }) => {
      const type = config.backends.find(({ name }) => name === backend)?.type;
      if (type === undefined) throw noBackend(backend);
      return backendOf(backend, type, await deps.probeBackend(backend), deps);
    },
    flush: async ({ backend }) => {
      if (!(await deps.flush(backend))) throw noBackend(backend ?? '');
      return { backend: backend ?? null, fleet: await reachFleet(fleet) };
    },
    listBrokers: async () => {
      if (fleet === undefined) {
        throw new ApiProblem('not-configured', { detail: 'this broker is alone: `shared` is not configured' });
      }
      const down = fleet.down();
      // What is known of the others is as of before the outage.
      if (down !== undefined) {
        throw new ApiProblem('unavailable', { detail: `the shared store is down, and lists no brokers: ${down}` });
      }
      return { name: fleet.name, brokers: fleet.members(), unreadable: fleet.unreadable() };
    },
    listKeys: async () => ({ keys: await listKeys(config) }),
  };
}

async function stateOf(deps: BrokerHandlerDeps) {
  const records = await deps.recordsState();
  const shared = deps.sharedState?.();
  const { revision, stale } = deps.policyState();
  const audit = deps.auditState();
  return {
    readiness: deps.isDraining()
      ? ('draining' as const)
      : audit === 'refusing'
        ? ('unready' as const)
        : ('ready' as const),
    config: { revision: deps.configRevision, restartNeeded: deps.isConfigChanged() },
    policy: { revision, stale },
    keys: { stale: deps.keysState().stale },
    audit,
    records: records?.state ?? null,
    shared:
      shared === undefined
        ? null
        : { state: shared.down === undefined ? ('up' as const) : ('down' as const), brokers: shared.brokers },
  };
}

/** @param state undefined: it was never asked */
function backendOf(
  name: string,
  type: string,
  state: BackendState | undefined,
  { lastProbe, loginTimes, serversOf }: Pick<BrokerHandlerDeps, 'lastProbe' | 'loginTimes' | 'serversOf'>,
): Answer<'probeBackend'> {
  const probe = lastProbe(name);
  const logins = loginTimes.logins(name);
  const failure = loginTimes.lastFailure(name);
  return {
    name,
    type,
    state: state?.state ?? ('down' as const),
    problem: state === undefined ? 'not probed' : state.state === 'down' ? state.detail : null,
    since: probe === undefined ? null : timeText(probe.since),
    probeMs: probe === undefined ? null : rounded(probe.milliseconds),
    logins:
      logins === undefined
        ? null
        : {
            count: logins.count,
            p50Ms: rounded(logins.p50Ms),
            p95Ms: rounded(logins.p95Ms),
            lastAt: timeText(logins.lastAt),
          },
    lastFailure: failure === undefined ? null : { at: timeText(failure.at), cause: failure.cause },
    servers: serversOf(name).map((server) => ({
      url: server.url,
      state: server.state,
      since: server.since === undefined ? null : timeText(server.since),
      problem: server.problem ?? null,
    })),
  };
}

/** To a tenth of a millisecond. */
function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}

function noBackend(name: string): ApiProblem {
  return new ApiProblem('not-found', { detail: `the running broker has no backend "${name}"` });
}
