/** From configuration to a running broker, in reading order. Only this room knows every concrete part. */
import { setTimeout as delay } from 'node:timers/promises';
import type { BrokerConfig } from '../config/broker-schema.ts';
import { loadPolicyInBackground } from '../config/load.ts';
import { createSecrets } from '../config/secrets.ts';
import { proxyTrust } from '../config/trusted-proxies.ts';
import type { Authenticator } from '../core/ports.ts';
import { createGrantToken } from '../flows/grant-token.ts';
import { createIdentify } from '../flows/identify.ts';
import type { Shield } from '../flows/shield/shield.ts';
import { auditWith } from '../platform/audit/fan-out.ts';
import { createMetrics } from '../platform/audit/metrics.ts';
import type { Logs } from '../platform/logs.ts';
import { createBackground } from '../platform/background.ts';
import { systemClock } from '../platform/clock.ts';
import { randomIds } from '../platform/ids.ts';
import { createSigner } from '../platform/signing/jwt-signer.ts';
import { jwks, loadKeys } from '../platform/signing/keyset.ts';
import { systemTimer } from '../platform/timer.ts';
import { watchFiles } from '../platform/watch.ts';
import { backendStates } from './backend-states.ts';
import { buildBackends } from './backends.ts';
import { openControl } from './control.ts';
import { createFlush } from './flush.ts';
import { openListeners } from './listeners.ts';
import { openRefreshTokens } from './open-refresh-tokens.ts';
import { openShield } from './open-shield.ts';
import { policyInForce } from './policy-in-force.ts';
import { createReload } from './reload.ts';
import type { Reloadable } from './reload.ts';
import { openShadow } from './shadow-policy.ts';
import { servicesOf, signerServices } from './services.ts';

export interface Broker extends AsyncDisposable {
  /** Where registries' clients find it: `http://127.0.0.1:5001`, `unix:/run/fairlead.sock`. */
  readonly url: string;
  /** Where metrics are, when they have a listener of their own. */
  readonly adminUrl: string | undefined;
  /** Reads policy, users and TLS certificate again; the log says what came of it. Never throws. */
  reload(): Promise<void>;
  /** Forgets what is remembered of logins: each user is looked at anew. */
  flush(): void;
  /**
   * Stops without losing a request: says so on `/readyz` and with every answer, goes on serving while load balancers
   * take notice, then waits for what is in flight.
   */
  drain(): Promise<void>;
}

/** Kubernetes and load balancers look at readiness every second or so. */
const NOTICE_MS = 2000;
/** A login takes 8 s at most; Kubernetes kills 30 s after SIGTERM. */
const GRACE_MS = 15_000;

/** @throws Error, or a ConfigError, that says what keeps the broker from starting. */
export async function startBroker(config: BrokerConfig, logs: Logs): Promise<Broker> {
  await using resources = new AsyncDisposableStack();

  const { log, trail } = logs;
  const metrics = createMetrics();
  metrics.loses(logs.dropped);
  const background = resources.use(createBackground());
  const readPolicy = (path: string) => loadPolicyInBackground(path, background.run);
  const policy = await policyInForce(() => readPolicy(config.policy.file));
  const shadowed = openShadow(config.policy.shadow, {
    load: readPolicy,
    log,
    audit: auditWith(trail, [metrics], log),
  });
  const { audit } = resources.use(shadowed);
  const backends = await buildBackends(config.backends, {
    clock: systemClock,
    log,
    secret: createSecrets(),
    background: background.run,
  });
  const authenticators = backends.map(({ authenticator }) => resources.use(authenticator));
  const shield = openShield(config);
  metrics.remembers(shield.sizes);
  const flush = createFlush({ authenticators, shield, log, onFlush: metrics.flushed });
  const services = servicesOf(config);
  const refreshTokens = resources.use(
    await openRefreshTokens({
      stateDir: config.stateDir,
      services,
      backends,
      clock: systemClock,
      timer: systemTimer,
      audit,
    }),
  );
  // Last of what can be refused: a broker that does not start leaves no key behind.
  const keyset = await loadKeys(config.keys, config.stateDir, log);
  const identify = createIdentify({
    backends,
    clock: systemClock,
    timer: systemTimer,
    audit,
    shield,
    tooManyIs: config.shield.wrongPasswords.answer === 429 ? 'too_many_attempts' : 'invalid_credentials',
  });
  const grantToken = createGrantToken({
    issuer: config.tokens.issuer,
    policy: policy.current,
    signer: createSigner(keyset, signerServices(config)),
    clock: systemClock,
    timer: systemTimer,
    ids: randomIds,
    audit,
  });

  let draining = false;
  const keySetText = jwks(keyset);
  const listeners = resources.use(
    await openListeners(config, {
      services,
      identify,
      issueRefreshToken: refreshTokens.issueRefreshToken,
      exchangeRefreshToken: refreshTokens.exchangeRefreshToken,
      grantToken,
      audit,
      realm: config.tokens.issuer,
      isTrustedProxy: proxyTrust(config.trustedProxies),
      jwks: () => keySetText,
      metrics: metrics.page,
      isDraining: () => draining,
      servesAnonymous: Object.values(config.services).some(({ anonymous }) => anonymous === 'allow'),
      backendStates: backendStates(authenticators, {
        clock: systemClock,
        timer: systemTimer,
        log,
        onState: metrics.backendState,
      }),
      auditState: logs.auditState,
      policyState: () => ({ ...policy.state(), ...shadowed.state() }),
      ids: randomIds,
      log,
    }),
  );

  const reloadables: readonly Reloadable[] = [
    {
      what: 'policy',
      watches: [config.policy.file],
      reload: async () => ({ revision: (await policy.reload()).revision }),
    },
    ...authenticators.flatMap((authenticator) => backendReloadable(authenticator, shield)),
    ...listeners.reloadables,
  ];
  // Each for itself: a new policy is no reason to forget the logins of a backend.
  const reloads = reloadables.map((reloadable) => {
    const reload = createReload({ reloadable, log, onReload: metrics.reloaded });
    resources.defer(watchFiles(reloadable.watches, () => void reload()));
    return reload;
  });

  resources.use(await openControl(config.stateDir, { flush, audit, ids: randomIds, log }));

  const running = resources.move();
  const closed = Promise.withResolvers<void>();
  return {
    url: listeners.url,
    adminUrl: listeners.adminUrl,
    reload: async () => {
      logs.reopen();
      await Promise.all([inTurn(reloads), shadowed.reload()]);
    },
    flush: () => void flush(),
    drain: async () => {
      draining = true;
      await Promise.race([delay(NOTICE_MS, undefined, { ref: false }), closed.promise]);
      await listeners.close(GRACE_MS);
    },
    [Symbol.asyncDispose]: () => {
      closed.resolve();
      return running.disposeAsync();
    },
  };
}

/** One after the other: each may take as much memory as its file is big. */
async function inTurn(reloads: readonly (() => Promise<void>)[]): Promise<void> {
  for (const reload of reloads) await reload();
}

/** Users that have just changed are looked at anew, whatever is remembered of them. */
function backendReloadable(authenticator: Authenticator, shield: Shield): readonly Reloadable[] {
  const reload = authenticator.reload?.bind(authenticator);
  if (reload === undefined) return [];
  return [
    {
      what: `backend ${authenticator.name}`,
      watches: authenticator.watches ?? [],
      reload: async () => {
        await reload();
        shield.flush(authenticator.name);
      },
    },
  ];
}
