/** The API of a broker that does nothing else, on a control socket of its own. */
import { expect } from 'vitest';
import { openApi, openControl } from '../../src/app/open-api.ts';
import type { ApiParts } from '../../src/app/open-api.ts';
import { buildBackends } from '../../src/app/backends.ts';
import { createBackendStates } from '../../src/app/backend-states.ts';
import { createFlush } from '../../src/app/flush.ts';
import { policyInForce } from '../../src/app/policy-in-force.ts';
import { loadBroker, loadPolicyInBackground } from '../../src/config/load.ts';
import { createSecrets } from '../../src/config/secrets.ts';
import type { Shield } from '../../src/flows/shield/shield.ts';
import { operations } from '../../src/http/api/operations.ts';
import type { Answer, ApiRequest, OperationId } from '../../src/http/api/operations.ts';
import { API_ROOT } from '../../src/http/paths.ts';
import { createBackground } from '../../src/platform/background.ts';
import { createLoginTimes } from '../../src/platform/audit/login-times.ts';
import { systemClock } from '../../src/platform/clock.ts';
import type { ControlAnswer, ControlRequest } from '../../src/platform/control-socket.ts';
import { askRunningBrokers } from '../../src/platform/control-sockets.ts';
import { systemTimer } from '../../src/platform/timer.ts';
import { countingIds, noShield, recordingAudit, recordingLog } from './fakes.ts';
import { START_TIMEOUT } from './wait.ts';

export interface TestApi extends AsyncDisposable {
  readonly parts: ApiParts;
  readonly stateDir: string;
  readonly audit: ReturnType<typeof recordingAudit>;
  readonly log: ReturnType<typeof recordingLog>;
  /** What was done to the caches: `flush corp`, `revoked`. */
  readonly calls: string[];
  /** Sends a request to an operation, and fails unless the answer is exactly what its schema describes. */
  ask<Id extends OperationId>(id: Id, request: ApiRequest<Id>): Promise<Answer<Id>>;
  /** Sends any request. */
  send(request: ControlRequest): Promise<ControlAnswer>;
}

/**
 * @param configPath the path of a broker.yaml
 * @param more what differs from a broker without records and fleet
 * @param threads where questions about policies are answered. By default on this thread: to start another takes a second,
 *   and test/integration/api.test.ts does
 */
export async function openTestApi(
  configPath: string,
  more: Partial<ApiParts> = {},
  threads = createBackground({ small: Infinity }),
): Promise<TestApi> {
  await using resources = new AsyncDisposableStack();
  const loaded = await loadBroker(configPath);
  const { config } = loaded;
  const [audit, log] = [recordingAudit(), recordingLog()];
  const calls: string[] = [];
  const background = resources.use(createBackground());
  const backends = await buildBackends(config.backends, { clock: systemClock, log, secret: createSecrets() });
  for (const { authenticator } of backends) resources.use(authenticator);
  const use = { services: Object.keys(config.services), onFailedTests: 'warn' } as const;
  const policy = await policyInForce(() => loadPolicyInBackground(config.policy.file, use, background.run));
  const shield: Shield = { ...noShield, flush: async (backend) => void calls.push(`flush ${backend ?? 'all'}`) };
  const authenticators = backends.map(({ authenticator }) => authenticator);
  const states = createBackendStates(authenticators, {
    clock: systemClock,
    timer: systemTimer,
    log,
    onState: () => undefined,
  });
  const parts: ApiParts = {
    loaded,
    backends,
    policy,
    flush: createFlush({
      authenticators,
      shield,
      reuse: { clear: () => undefined },
      log,
      onFlush: () => undefined,
    }),
    onRevoked: () => void calls.push('revoked'),
    endLogins: async () => void calls.push('end logins'),
    records: undefined,
    personalTokens: undefined,
    isDraining: () => false,
    backendStates: states.all,
    probeBackend: states.probe,
    lastProbe: states.lastProbe,
    loginTimes: createLoginTimes(systemClock),
    recordsState: async () => undefined,
    auditState: () => 'ok',
    policyState: policy.state,
    keysState: () => ({ stale: false }),
    isConfigChanged: () => false,
    audit,
    clock: systemClock,
    timer: systemTimer,
    ids: countingIds(),
    log,
    ...more,
  };
  const api = resources.use(openApi(parts, threads));
  const { stateDir } = config;
  resources.use(await openControl(stateDir, { ...parts, realm: 'fairlead', api: api.control }));
  const running = resources.move();
  const send = async (request: ControlRequest): Promise<ControlAnswer> => {
    // The first request loads the operations, which takes its time on a busy machine.
    const { answers } = await askRunningBrokers(stateDir, { timeoutMs: START_TIMEOUT, ...request });
    const [answer] = answers;
    if (answer === undefined) throw new Error('the control socket does not answer');
    return answer;
  };
  return {
    parts,
    stateDir,
    audit,
    log,
    calls,
    send,
    ask: async (id, request) => strictAnswer(id, await send(requestOf(id, request))),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** The HTTP request of an operation. */
export function requestOf<Id extends OperationId>(id: Id, request: ApiRequest<Id>): ControlRequest {
  const { method, path } = operations[id];
  if (method === 'POST') return { method, path: `${API_ROOT}${path}`, body: request };
  const query = new URLSearchParams(Object.entries(request).map(([name, value]) => [name, String(value)])).toString();
  return { method, path: `${API_ROOT}${path}${query === '' ? '' : `?${query}`}` };
}

/** An answer with every field that the schema of the operation demands, and no other. */
export function strictAnswer<Id extends OperationId>(id: Id, { status, json }: ControlAnswer): Answer<Id> {
  expect({ id, status, json }).toMatchObject({ status: 200 });
  const parsed = operations[id].answer.parse(json);
  // The schema drops what it does not have.
  expect(json).toEqual(parsed);
  return parsed as Answer<Id>;
}
