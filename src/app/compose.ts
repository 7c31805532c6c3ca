/** From configuration to a running broker: `startBroker` lists the steps. Only `app` knows every concrete part. */
import type { BrokerConfig } from '../config/broker-schema.ts';
import { loadPolicyInBackground } from '../config/load.ts';
import type { LoadedBroker } from '../config/load.ts';
import { createSecrets } from '../config/secrets.ts';
import type { Audit, Background, Log } from '../core/ports.ts';
import { createTokenReuse } from '../flows/token-reuse.ts';
import { auditWith } from '../platform/audit/fan-out.ts';
import { createLoginTimes } from '../platform/audit/login-times.ts';
import type { LoginTimes } from '../platform/audit/login-times.ts';
import { createMetrics } from '../platform/audit/metrics.ts';
import type { Metrics } from '../platform/audit/metrics.ts';
import type { Logs } from '../platform/logs.ts';
import { createBackground } from '../platform/background.ts';
import { systemClock } from '../platform/clock.ts';
import type { Records } from '../platform/store/records.ts';
import { createSecretMarks } from '../platform/secret-marks.ts';
import { systemTimer } from '../platform/timer.ts';
import { version } from '../platform/version.ts';
import { watchFiles } from '../platform/watch.ts';
import { createBackendStates } from './backend-states.ts';
import { buildBackends } from './backends.ts';
import { createConfigChange } from './config-change.ts';
import { openMemory, openPages } from './console-parts.ts';
import type { ConsoleMemory } from './console-parts.ts';
import { drain, DRAIN_AT_MOST_MS } from './drain.ts';
import { createApplyEnd } from './fleet-flush.ts';
import { createEndReuse } from './end-reuse.ts';
import { createFlush } from './flush.ts';
import { openApi, openControl } from './open-api.ts';
import { openListeners } from './listeners.ts';
import { hasRecords, openOwnRecords, openSealedAccounts } from './open-records.ts';
import { operatorDeps } from './operator-deps.ts';
import { openShield } from './open-shield.ts';
import { requireOwnState } from './own-state.ts';
import { proveOptions } from './policy-sources.ts';
import { policyInForce } from './policy-in-force.ts';
import { backendReloadable, logWarnings, policyReloadable } from './reloadables.ts';
import { createRevisions } from './revisions.ts';
import { openShadow } from './shadow-policy.ts';
import { watchAndReload } from './watch-and-reload.ts';
import { openTokenFlows } from './token-flows.ts';

export interface Broker extends AsyncDisposable {
  /** The URL for clients: `http://127.0.0.1:5001`, `unix:/run/fairlead.sock`. */
  readonly url: string;
  /** The URL of the admin listener, if configured. */
  readonly adminUrl: string | undefined;
  /** Reads the policy, users, keys and TLS certificate again. The log has the result. Never throws. */
  reload(): Promise<void>;
  /** Flushes the login cache. */
  flush(): void;
  /**
   * Stops without losing a request: `/readyz` and each answer say so, the broker serves on while load balancers notice,
   * then waits for the requests in flight.
   */
  drain(): Promise<void>;
  /** Milliseconds that `drain` takes at most. */
  readonly drainMs: number;
}

interface Parts {
  readonly config: BrokerConfig;
  readonly log: Log;
  /** The audit trail, without metrics. */
  readonly trail: Audit;
  readonly metrics: Metrics;
  readonly loginTimes: LoginTimes;
  /** What the console shows of the events; undefined: there is none. */
  readonly memory: ConsoleMemory | undefined;
  /** Closes what is opened, in reverse order. */
  readonly resources: AsyncDisposableStack;
}

/** A configuration, and the file that it was read from. */
type BrokerSource = Pick<LoadedBroker, 'config' | 'source'>;

/** @throws Error or ConfigError, which says why the broker cannot start */
export async function startBroker({ config, source }: BrokerSource, logs: Logs): Promise<Broker> {
  await requireOwnState(config, logs.log);
  await using resources = new AsyncDisposableStack();
  const { log } = logs;
  const metrics = createMetrics(version());
  const memory = await openMemory(config);
  const loginTimes = createLoginTimes(systemClock);
  const parts: Parts = { config, log, trail: logs.trail, metrics, loginTimes, memory, resources };
  metrics.observeDroppedLines(logs.dropped);
  const background = resources.use(createBackground()).run;
  const { policy, shadow } = await openPolicies(parts, background);
  const { audit } = shadow;
  const configChange = createConfigChange(source, log);
  metrics.observeConfigChange(configChange.isChanged);
  const records = await openStores(parts);
  const backends = await openBackends(parts, background, records);
  const authenticators = backends.map(({ authenticator }) => authenticator);
  const reuse = createTokenReuse(config.tokens.reuse);
  const revisions = createRevisions(config.shared !== undefined);
  for (const authenticator of authenticators) await revisions.readFilesOf(authenticator);
  const onFlush = metrics.countFlush;
  const onEnd = createApplyEnd({ authenticators, reuse, log, onFlush });
  const states = createBackendStates(authenticators, {
    clock: systemClock,
    timer: systemTimer,
    log,
    onState: metrics.setBackendUp,
  });
  const presence = { revisions: revisions.current, backends: states.found };
  const shield = resources.use(await openShield(config, { log, onEnd, ...presence }));
  const { shared } = shield;
  const endReuse = createEndReuse({ reuse, fleet: shared?.fleet, log });
  metrics.observeLoginCache(shield.sizes);
  if (shared !== undefined) metrics.observeSharedStore(shared.state);

  const { signing, recordsState, personalTokens, helper, ...tokenFlows } = await openTokenFlows(parts, {
    audit,
    backends,
    records,
    shield,
    policy,
    reuse,
    endReuse,
  });
  metrics.observeSigningCertificates(signing.certificateEnds);
  revisions.setInForce({ config: source.revision, policy: () => policy.status().revision, keys: signing.jwks });
  const drainState = { isDraining: false };
  const operator = {
    ...operatorDeps(parts, states, recordsState),
    recordsState,
    loginTimes,
    auditState: logs.auditState,
    policyState: () => ({ ...policy.state(), ...shadow.state() }),
    keysState: signing.state,
    ...(shared === undefined ? {} : { sharedState: shared.state }),
    isConfigChanged: configChange.isChanged,
    isDraining: () => drainState.isDraining,
    audit,
  };
  const flush = createFlush({ authenticators, shield, reuse, log, onFlush });
  const endLogins = (): Promise<void> => shield.endAnswers();
  const commands = { flush, onRevoked: reuse.clear, endLogins, fleet: shared?.fleet, records, personalTokens };
  const api = resources.use(
    openApi({ ...operator, ...commands, loaded: { config, source }, backends, policy, timer: systemTimer }),
  );
  const { identify } = tokenFlows;
  const { handlers, questions } = api;
  const flows = { policy, backends, shield: shield.deps, identify, timer: systemTimer, onRevoked: endReuse };
  const otherAreas = helper?.areas ?? [];
  const pages = await openPages(config, {
    ...operator,
    ...commands,
    ...flows,
    api: handlers,
    questions,
    configPath: source.path,
    memory,
    otherAreas,
  });
  const listeners = resources.use(
    await openListeners(config, { ...tokenFlows, ...helper?.http, ...operator, api: api.admin, console: pages }),
  );
  const reloadAll = watchAndReload(parts, [
    policyReloadable(config, policy, log),
    signing.reloadable,
    ...authenticators.flatMap((authenticator) => backendReloadable(authenticator, shield, revisions)),
    ...listeners.reloadables,
  ]);
  resources.defer(watchFiles([source.path], () => void configChange.check()));
  resources.use(await openControl(config.stateDir, { ...operator, api: api.control }));

  const closed = Promise.withResolvers<void>();
  const running = resources.move();
  return {
    url: listeners.url,
    adminUrl: listeners.adminUrl,
    reload: async () => {
      logs.reopen();
      await Promise.all([reloadAll(), shadow.reload(), configChange.check()]);
    },
    flush: () => void flush(),
    drainMs: DRAIN_AT_MOST_MS,
    drain: () => drain(drainState, listeners, closed.promise),
    [Symbol.asyncDispose]: () => {
      closed.resolve();
      return running.disposeAsync();
    },
  };
}

async function openPolicies(
  { config, log, trail, metrics, loginTimes, memory, resources }: Parts,
  background: Background,
) {
  const services = Object.keys(config.services);
  const { file, shadow: shadowFile, onFailedTests, invariants } = config.policy;
  const prove = invariants === 'required' ? { prove: proveOptions(config) } : {};
  const use = { services, onFailedTests, ...prove };
  const policy = await policyInForce(() => loadPolicyInBackground(file, use, background));
  logWarnings(policy.warnings(), log);
  const shown = memory === undefined ? [] : [memory.recent, memory.differences];
  const audit = auditWith(trail, [metrics, loginTimes, ...shown], log);
  const shadow = openShadow(shadowFile, {
    // It is not served, and its comparison shows what its tests do not.
    load: (path) => loadPolicyInBackground(path, { services, onFailedTests: 'warn' }, background),
    log,
    audit,
    onRead: (outcome) => metrics.recordRead('shadow policy', outcome, systemClock.now()),
  });
  metrics.observePolicies(() => ({ active: policy.status(), ...shadow.status() }));
  return { policy, shadow: resources.use(shadow) };
}

async function openBackends({ config, log, resources }: Parts, background: Background, records: Records | undefined) {
  const backends = await buildBackends(config.backends, {
    clock: systemClock,
    log,
    secret: createSecrets(),
    background,
    ...(records === undefined
      ? {}
      : { markSecret: createSecretMarks(config.stateDir), ...openSealedAccounts(records, systemClock) }),
  });
  for (const { authenticator } of backends) resources.use(authenticator);
  return backends;
}

/** The records, where something that is configured has any. */
async function openStores({ config, log, metrics, resources }: Parts): Promise<Records | undefined> {
  if (!hasRecords(config)) return undefined;
  return resources.use(
    await openOwnRecords(config, { clock: systemClock, log, onOperation: metrics.countRecordOperation }),
  );
}
