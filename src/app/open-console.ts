/** The console: its sessions over the records, its sign-in, and its routes. Nothing of it is loaded where it is not configured. */
import type { Router } from 'express';
import type { BrokerConfig } from '../config/broker-schema.ts';
import type { Identity } from '../core/identity.ts';
import { bindingsFor } from '../core/policy/bindings.ts';
import type { ListableStore, Log } from '../core/ports.ts';
import type { RefreshToken } from '../core/refresh-token.ts';
import type { Identify } from '../flows/identify.ts';
import type { SessionDeps } from '../flows/session/deps.ts';
import { listRefreshTokens, revokeRefreshTokens } from '../flows/refresh-token/revoke.ts';
import { createEndSessions } from '../flows/session/end.ts';
import { createFindSession } from '../flows/session/find.ts';
import { createListSessions } from '../flows/session/list.ts';
import { createOpenSession } from '../flows/session/open.ts';
import { createFormSignIn } from '../flows/sign-in/form.ts';
import { createProviderLogout } from '../flows/sign-in/logout.ts';
import { createProviderSignIn } from '../flows/sign-in/provider.ts';
import type { ConsoleArea, ConsoleDeps, ProgramLogins } from '../http/console/deps.ts';
import { createSealing, parseSealingKey } from '../platform/sealing.ts';
import { sessionSecrets } from '../platform/session-secrets.ts';
import { memoryStore } from '../platform/store/memory.ts';
import type { Records } from '../platform/store/records.ts';
import { version } from '../platform/version.ts';
import { refreshTokenStore } from './open-refresh-tokens.ts';
import { sessionStore } from './token-stores.ts';

export interface OpenConsoleDeps extends Pick<SessionDeps, 'backends' | 'clock' | 'timer' | 'audit'> {
  /** Undefined: nothing that is configured has records. */
  readonly records: Pick<Records, 'store'> | undefined;
  readonly identify: Identify;
  readonly areas?: readonly ConsoleArea[];
  readonly log: Log;
  /** Called when credentials have ended: no broker gives out again what it signed for them. */
  readonly onRevoked: () => Promise<void>;
}

export interface Console {
  readonly routes: Router;
  /** The paths below which everything belongs to `routes`. */
  readonly folders: readonly string[];
  readonly sessions: ConsoleDeps['sessions'];
}

/** Identities that this process looked up in the last minute: one for each browser in use. */
const RECENT_ENTRIES = 10_000;

/** @returns undefined when the console is not configured */
export async function openConsole(
  config: Pick<BrokerConfig, 'console' | 'publicUrl'>,
  deps: OpenConsoleDeps,
): Promise<Console | undefined> {
  if (config.console === undefined || deps.records === undefined) return undefined;
  const { consoleFolders, consoleRoutes } = await import('../http/console/index.ts');
  const { records, backends, clock, log, areas = [] } = deps;
  const { publicUrl } = config;
  const sessionDeps: SessionDeps = {
    ...deps,
    store: sessionStore(records, clock),
    secrets: sessionSecrets,
    limits: config.console.sessions,
    recent: memoryStore<Identity>({ maxEntries: RECENT_ENTRIES, clock }),
    isAdmin: adminTest(config.console),
  };
  const sessions = {
    open: createOpenSession(sessionDeps),
    find: createFindSession(sessionDeps),
    list: createListSessions(sessionDeps),
    end: createEndSessions(sessionDeps),
  };
  const keys = records.store({ name: 'sealing-keys', clock, decode: parseSealingKey });
  const authenticators = backends.map(({ authenticator }) => authenticator);
  const routes = consoleRoutes({
    publicUrl,
    version: version(),
    methods: {
      providers: authenticators.flatMap(({ name, signIn }) =>
        signIn === undefined ? [] : [{ name, label: signIn.label }],
      ),
      hasForm: authenticators.some(({ accepts = 'passwords' }) => accepts === 'passwords'),
    },
    signInWithForm: createFormSignIn(deps.identify),
    signInAtProvider: createProviderSignIn({ ...deps, redirectUri: `${publicUrl}/sign-in/callback` }),
    logoutAtProvider: createProviderLogout({ ...deps, end: sessions.end }),
    sessions,
    logins: programLogins(refreshTokenStore(records, clock), deps),
    sealing: createSealing({ store: keys, clock, use: 'sign-in' }),
    areas,
    clock,
    log,
  });
  return { routes, folders: consoleFolders({ areas }), sessions };
}

function programLogins(
  store: ListableStore<RefreshToken>,
  { audit, onRevoked }: Pick<OpenConsoleDeps, 'audit' | 'onRevoked'>,
): ProgramLogins {
  return {
    list: (account) => listRefreshTokens(store, { account }),
    end: async (account, ids, ending) => {
      const ended = await revokeRefreshTokens({ store, audit }, { account, ids }, ending);
      if (ended.length > 0) await onRevoked();
      return ended.length;
    },
  };
}

function adminTest({ admins }: NonNullable<BrokerConfig['console']>): SessionDeps['isAdmin'] {
  if (admins === undefined) return () => false;
  return (identity) => bindingsFor(admins, { kind: 'user', identity }).length > 0;
}
