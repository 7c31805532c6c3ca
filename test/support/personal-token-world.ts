/** A broker that offers personal tokens, and one user at one backend with given answers. */
import { BrokerError } from '../../src/core/errors.ts';
import { Secret, username } from '../../src/core/identity.ts';
import type { Identity } from '../../src/core/identity.ts';
import type { AccountOwner, PersonalToken } from '../../src/core/personal-token.ts';
import type { Account, Authenticator, AuthnOutcome, Ledger, ListableStore } from '../../src/core/ports.ts';
import { createCountBadToken } from '../../src/flows/personal-token/bad-tokens.ts';
import { createIssuePersonalToken } from '../../src/flows/personal-token/issue.ts';
import type { PersonalTokenSettings, TokenIssue, TokenOrder } from '../../src/flows/personal-token/issue.ts';
import { createIdentityOfOwner } from '../../src/flows/personal-token/owner.ts';
import { shareLookUps } from '../../src/flows/personal-token/share-look-ups.ts';
import { createUsePersonalToken } from '../../src/flows/personal-token/use.ts';
import { createFingerprint } from '../../src/platform/fingerprint.ts';
import { memoryLedger } from '../../src/platform/ledger/memory.ts';
import { personalTokenSecrets } from '../../src/platform/personal-token-secrets.ts';
import { memoryStore } from '../../src/platform/store/memory.ts';
import { countingIds, fixedClock, noWaiting, recordingAudit } from './fakes.ts';
import type { FixedClock } from './fakes.ts';

export const DAY = 86_400;
export const SERVICE = 'registry.example.com';
export const REQUEST = { requestId: 'id-1', client: '192.0.2.1' };
export const SETTINGS: PersonalTokenSettings = {
  maxPerUser: 3,
  lifetime: 90 * DAY,
  maxLifetime: 365 * DAY,
  requireLimits: false,
};
export const OWNER: AccountOwner = {
  kind: 'account',
  backend: 'corp',
  subject: 'id 1',
  login: 'Alice',
  username: 'alice',
};
export const ORDER: TokenOrder = { owner: OWNER, creator: { kind: 'operator' }, name: 'laptop' };

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

export const again = (more: Partial<Identity> = {}): AuthnOutcome => ({ kind: 'authenticated', identity: alice(more) });

export interface TokenWorld {
  /** The answer of the backend when it checks the account; 'down': an outage; an Error: a defect. */
  outcome: AuthnOutcome | 'down' | Error;
  /** Whether the session of the creator is valid; absent: it is. */
  hasSession?: boolean;
}

/** What brokers have in common that share their records and counts. */
interface SharedParts {
  readonly clock: FixedClock;
  readonly store: ListableStore<PersonalToken>;
  readonly ledger: Ledger;
}

export interface TokenWorldOptions extends Partial<SharedParts> {
  readonly settings?: Partial<PersonalTokenSettings>;
}

export function openTokenWorld({ settings, ...shared }: TokenWorldOptions = {}) {
  const clock = shared.clock ?? fixedClock();
  const audit = recordingAudit();
  const asked: Account[] = [];
  const world: TokenWorld = { outcome: again() };
  const store = shared.store ?? memoryStore<PersonalToken>({ maxEntries: 1000, clock });
  const ledger = shared.ledger ?? memoryLedger({ clock, maxEntries: 1000 });
  const authenticator: Authenticator = {
    name: 'corp',
    type: 'fake',
    authenticate: async () => ({ kind: 'unknown-user' }),
    revalidate: async (account) => {
      asked.push(account);
      if (world.outcome === 'down') throw new BrokerError('backend_unavailable', 'the directory is down');
      if (world.outcome instanceof Error) throw world.outcome;
      return world.outcome;
    },
    probe: async () => ({ state: 'up' }),
    [Symbol.asyncDispose]: async () => undefined,
  };
  const chain = { backends: [{ authenticator, usernames: undefined }], clock, timer: noWaiting };
  const identityOf = shareLookUps(createIdentityOfOwner(chain));
  const deps = { store, secrets: personalTokenSecrets, clock, audit, identityOf };
  const issue = createIssuePersonalToken({
    ...deps,
    settings: { ...SETTINGS, ...settings },
    services: [SERVICE],
    hasSession: async () => world.hasSession ?? true,
  });
  const countBadToken = createCountBadToken({ ledger, fingerprint: createFingerprint(), ids: countingIds() });
  const { maxLifetime } = { ...SETTINGS, ...settings };
  const use = createUsePersonalToken({ ...deps, countBadToken, maxLifetime });
  const order = (more: Partial<TokenOrder> = {}): Promise<TokenIssue> => issue({ ...ORDER, ...more }, REQUEST);
  const issued = async (more: Partial<TokenOrder> = {}): Promise<Secret> => {
    const made = await order(more);
    if (made.kind === 'refused') throw new Error(made.problem);
    return made.token;
  };
  const logIn = (token: Secret | string, typed = 'alice', client = REQUEST.client) =>
    use({ username: typed, password: typeof token === 'string' ? new Secret(token) : token }, { ...REQUEST, client });
  const refused = (...login: Parameters<typeof logIn>): Promise<unknown> =>
    logIn(...login).catch((error: unknown) => error);
  return { clock, audit, asked, store, ledger, world, issue, order, issued, use, logIn, refused };
}

/** The events of personal tokens, without the request. */
export function tokenEvents({ events }: ReturnType<typeof recordingAudit>) {
  return events.flatMap((event) => {
    if (event.type !== 'personal-token') return [];
    const { request: _, type: _type, ...rest } = event;
    return [rest];
  });
}
