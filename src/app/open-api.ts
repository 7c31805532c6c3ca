/** The API for operators, on the control socket and, where it is configured, on the admin listener. */
import type { LoadedBroker } from '../config/load.ts';
import { robotsOf } from '../config/robots-schema.ts';
import type { Audit, Clock, Ids, Log, Timer } from '../core/ports.ts';
import { backendNamed } from '../flows/chain.ts';
import type { ChainedBackend } from '../flows/chain.ts';
import { describeError } from '../core/errors.ts';
import type { ApiHandlers } from '../http/api/api.ts';
import { createControlApp } from '../http/app.ts';
import { createControlServer } from '../http/control-server.ts';
import type { HealthDeps } from '../http/health.ts';
import { lazyHandler } from '../http/lazy-handler.ts';
import type { RequestHandler } from '../http/lazy-handler.ts';
import { createBackground } from '../platform/background.ts';
import type { BackgroundThreads } from '../platform/background.ts';
import { openOwnControlSocket } from '../platform/control-sockets.ts';
import type { Records } from '../platform/store/records.ts';
import type { SharedFleet } from '../platform/valkey/shared-store.ts';
import { threadMemoryMiB } from '../platform/thread-memory.ts';
import { version } from '../platform/version.ts';
import type { PolicyQuestions } from './api/ask-about-policy.ts';
import type { BrokerHandlerDeps } from './api/broker-handlers.ts';
import type { Flush } from './flush.ts';
import type { PersonalTokens } from './open-personal-tokens.ts';
import type { PolicyInForce } from './policy-in-force.ts';

export interface ApiParts extends HealthDeps, Pick<BrokerHandlerDeps, 'probeBackend' | 'lastProbe' | 'loginTimes'> {
  readonly loaded: Pick<LoadedBroker, 'config' | 'source'>;
  readonly backends: readonly ChainedBackend[];
  readonly policy: PolicyInForce;
  readonly flush: Flush;
  /** Called when issued tokens are revoked, so that no signed token is given out again. */
  readonly onRevoked: () => void;
  /** Absent: this broker shares nothing. */
  readonly fleet?: SharedFleet | undefined;
  /** Ends the cached logins of all backends. */
  readonly endLogins: () => Promise<void>;
  /** Undefined: nothing that is configured has records. */
  readonly records: Pick<Records, 'store'> | undefined;
  /** Undefined: they are not configured. */
  readonly personalTokens: PersonalTokens | undefined;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly ids: Ids;
  readonly log: Log;
}

/** The limits of examining a pasted policy, and of searching the one in force: always on another thread. */
const QUESTION = { small: -1, timeoutMs: 20_000, memoryMiB: () => threadMemoryMiB(512) } as const;

interface OpenApi extends AsyncDisposable {
  /** For the control socket: whoever may open it is the operator. */
  readonly control: RequestHandler;
  /** For the admin listener. Undefined: the API is not configured. */
  readonly admin: RequestHandler | undefined;
  /** For the console. They are loaded with the first call. */
  readonly handlers: () => Promise<ApiHandlers>;
  /** The same for questions that are no operation. */
  readonly questions: () => Promise<PolicyQuestions>;
}

/** @param threads for questions about policies; closed with the API */
export function openApi(parts: ApiParts, threads: BackgroundThreads = createBackground(QUESTION)): OpenApi {
  const started = { at: parts.clock.now(), monotonic: parts.clock.monotonic() };
  const { personalTokens, loaded } = parts;
  const questions = once(async () => {
    const { askAboutPolicy } = await import('./api/ask-about-policy.ts');
    return askAboutPolicy(threads.run, loaded.source.path);
  });
  const handlers = once(async () => loadHandlers({ ...parts, started }, await questions()));
  const users = loaded.config.api;
  return {
    control: lazyHandler(async () => {
      const { answerApi } = await import('../http/api/api.ts');
      const authenticate = async () => ({ kind: 'socket', access: 'operator' }) as const;
      return answerApi({ ...parts, handlers: await handlers(), authenticate });
    }),
    admin:
      users === undefined || personalTokens === undefined
        ? undefined
        : lazyHandler(async () => {
            const { answerApi } = await import('../http/api/api.ts');
            const { authenticateByToken } = await import('../http/api/authenticate-api.ts');
            const authenticate = authenticateByToken({ usePersonalToken: personalTokens.use, users });
            return answerApi({ ...parts, handlers: await handlers(), authenticate });
          }),
    handlers,
    questions,
    [Symbol.asyncDispose]: () => threads[Symbol.asyncDispose](),
  };
}

async function loadHandlers(parts: ApiParts & Pick<BrokerHandlerDeps, 'started'>, questions: PolicyQuestions) {
  const { brokerHandlers } = await import('./api/broker-handlers.ts');
  const { policyHandlers } = await import('./api/policy-handlers.ts');
  const { tokenHandlers } = await import('./api/token-handlers.ts');
  const { tokenStoresIn } = await import('./token-stores.ts');
  const { createFindAsleep } = await import('./asleep.ts');
  const { loaded, backends, records, personalTokens, clock } = parts;
  const { config, source } = loaded;
  const stores = records === undefined ? undefined : tokenStoresIn(records, clock);
  return {
    ...brokerHandlers({
      ...parts,
      config,
      version: version(),
      configRevision: source.revision,
      serversOf: (name) => backendNamed(backends, name)?.authenticator.servers?.() ?? [],
    }),
    ...policyHandlers({ ...parts, config, questions }),
    ...tokenHandlers({
      ...parts,
      robots: robotsOf(config.robots),
      stores,
      findAsleep:
        stores === undefined ? async () => () => false : createFindAsleep(config.backends, stores.accounts, clock),
      issue: personalTokens?.issue,
    }),
  };
}

function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  return () => (made ??= make());
}

interface ControlParts extends Pick<HealthDeps, 'isDraining'> {
  readonly api: RequestHandler;
  readonly realm: string;
  readonly ids: Ids;
  readonly log: Log;
}

/** Opens the control socket. If that fails, the log has a warning, and the broker runs without it. */
export async function openControl(stateDir: string, parts: ControlParts): Promise<AsyncDisposable | undefined> {
  try {
    return await openOwnControlSocket(stateDir, createControlServer(createControlApp(parts), parts.ids.next));
  } catch (error) {
    parts.log.warn('control socket unavailable: `fairlead flush` cannot reach this broker; send SIGHUP instead', {
      cause: describeError(error),
    });
    return undefined;
  }
}
