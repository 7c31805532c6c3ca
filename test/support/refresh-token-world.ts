/** A service that offers refresh tokens, and one user at one backend with given answers. */
import type { ListableStore } from '../../src/core/store.ts';
import { BrokerError } from '../../src/core/errors.ts';
import { username } from '../../src/core/identity.ts';
import type { Caller, Identity, Secret } from '../../src/core/identity.ts';
import { parseNamePattern } from '../../src/core/policy/name-pattern.ts';
import type { Account, Authenticator, AuthnOutcome, Timer } from '../../src/core/ports.ts';
import type { RefreshToken } from '../../src/core/refresh-token.ts';
import type { Service } from '../../src/flows/grant-token.ts';
import { createExchangeRefreshToken } from '../../src/flows/refresh-token/exchange.ts';
import { createDraftRefreshToken } from '../../src/flows/refresh-token/issue.ts';
import type { OfflineLogin } from '../../src/flows/refresh-token/issue.ts';
import { refreshTokenSecrets } from '../../src/platform/refresh-token-secrets.ts';
import { memoryStore } from '../../src/platform/store/memory.ts';
import { fakeBackend, UNKNOWN } from './fake-backend.ts';
import { fixedClock, noWaiting, recordingAudit } from './fakes.ts';
import type { FixedClock } from './fakes.ts';

export const HOUR = 3600;
export const DAY = 24 * HOUR;
export const SERVICE: Service = {
  name: 'registry.example.com',
  anonymous: 'deny',
  lifetimes: { pull: 300, push: 900 },
  refreshTokens: { idle: 30 * DAY, absolute: 90 * DAY, maxPerUser: 3 },
};
export const OTHER: Service = { ...SERVICE, name: 'other.example.com' };
export const REQUEST = { requestId: 'id-1', client: '192.0.2.1' };

export function alice(more: Partial<Identity> = {}): Identity {
  return {
    username: username('alice'),
    groups: new Set(),
    backend: 'corp',
    caseless: true,
    attributes: new Map(),
    subject: 'id 1',
    ...more,
  };
}

export const user = (identity: Identity): Caller => ({ kind: 'user', identity });
export const again = (more: Partial<Identity> = {}): AuthnOutcome => ({ kind: 'authenticated', identity: alice(more) });

export interface World {
  /** The answer of the backend when it checks the account; 'down': an outage; an Error: a defect. */
  outcome?: AuthnOutcome | 'down' | Error;
  /** Whether the backend can check an account without its password. */
  readonly revalidates?: boolean;
  readonly usernames?: readonly string[];
  /** The names of users of an earlier backend. */
  readonly before?: readonly string[];
}

/** What brokers have in common that share their records. */
interface SharedRecords {
  readonly clock: FixedClock;
  readonly store: ListableStore<RefreshToken>;
}

/** @param shared the clock and records of another one; absent: its own */
export function open(world: World = {}, timer: Timer = noWaiting, shared?: SharedRecords) {
  const clock = shared?.clock ?? fixedClock();
  const audit = recordingAudit();
  const asked: Account[] = [];
  const store: ListableStore<RefreshToken> =
    shared?.store ??
    memoryStore<RefreshToken>({
      maxEntries: 1000,
      clock,
      groupOf: ({ service, subject }) => ({ name: `${service} ${subject}`, most: 3 }),
    });
  const revalidate: Authenticator['revalidate'] = async (account) => {
    asked.push(account);
    const { outcome = again() } = world;
    if (outcome === 'down') throw new BrokerError('backend_unavailable', 'the directory is down');
    if (outcome instanceof Error) throw outcome;
    return outcome;
  };
  const authenticator: Authenticator = {
    name: 'corp',
    type: 'fake',
    authenticate: async () => ({ kind: 'unknown-user' }),
    ...(world.revalidates === false ? {} : { revalidate }),
    probe: async () => ({ state: 'up' }),
    [Symbol.asyncDispose]: async () => undefined,
  };
  const usernames = world.usernames?.map(parseNamePattern).filter((pattern) => typeof pattern !== 'string');
  const deps = {
    backends: [
      fakeBackend(UNKNOWN, { usersNamed: (name) => (world.before ?? []).filter((other) => other === name) }).chained,
      { authenticator, usernames },
    ],
    store,
    secrets: refreshTokenSecrets,
    clock,
    timer,
    audit,
  };
  const draft = createDraftRefreshToken(deps);
  const issue = async (login: OfflineLogin): Promise<Secret | undefined> => {
    const drafted = draft(login);
    if (drafted === undefined) return undefined;
    await audit.commit([drafted.event]);
    await drafted.store();
    return drafted.token;
  };
  const exchange = createExchangeRefreshToken(deps);
  const issued = async (caller: Caller = user(alice()), service = SERVICE): Promise<Secret> => {
    const token = await issue({ context: REQUEST, service, caller, login: 'Alice', clientId: 'docker' });
    if (token === undefined) throw new Error('no token was issued');
    return token;
  };
  const refused = (token: Secret, service = SERVICE): Promise<unknown> =>
    exchange(token, service, REQUEST).catch((error: unknown) => error);
  return { clock, audit, asked, store, draft, issue, exchange, issued, refused, world };
}

export const REFUSED = { name: 'BrokerError', code: 'refresh_token_refused' };
