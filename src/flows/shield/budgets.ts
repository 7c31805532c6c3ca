/**
 * The limits of wrong passwords, in three kinds.
 *
 * - Account: what a directory counts. One attempt less for logins that are not trusted, and another one less for those
 *   from one site, so that guesses from elsewhere leave one to the owner, whether or not the owner is trusted.
 * - Name: the name as it was typed, in one spelling; by client network first, and for all networks at a much higher
 *   number. These limits decide what a client sees, whether or not the name exists.
 * - Address: the networks of the client, whatever the name.
 *
 * A wrong password counts once while it is known: for a name in one spelling, so that a client that sends `alice`,
 * `ALICE` and `alice@corp.example` uses up one of its attempts; for an address in each spelling, because each may reach a
 * backend and mean another account there (`admin@r0`, `admin@r1`, …). The same login again is no new guess.
 *
 * Only the backend finds out which spellings are one account, so only the budget of the account depends on it, and that
 * budget looks like a wrong password. The budgets of name and address depend on nothing but what was typed and where it
 * came from: known and unknown names get equal answers.
 *
 * Trust lifts a limit, so whoever is at the limit can still find out whether a password was correct recently. Therefore
 * each of these questions counts, too, and the limits that trust lifts are not endless: `GUESSES` in the window.
 */
import { identifiesClient, networksOf } from '../../core/client-network.ts';
import type { Budget, TrustKeys } from '../../core/ledger.ts';
import type { Credential } from '../../core/identity.ts';
import { accountName } from '../../core/spelling.ts';
import type { ShieldDeps, ShieldSettings } from './settings.ts';

/** How long a login stays trusted, in seconds: a week covers a weekend. */
export const TRUST_SECONDS = 7 * 24 * 3600;
/** The limit of a name over all networks, in multiples of the limit of one network. */
const GUESSES = 25;
const NO_LIMIT = Number.MAX_SAFE_INTEGER;

/** The keys of one login. */
export interface LoginKeys {
  /** This password under this name, as it was typed, from this network. */
  readonly login: string;
  /** The same with the name in one spelling. */
  readonly attempt: string;
  /** This password under this name. */
  readonly trust: TrustKeys;
  /** The budgets of the name and of the address. */
  readonly budgets: readonly Budget[];
  /** The budget of the name over all networks. */
  readonly name: Budget | undefined;
  /** The narrowest network of the client; absent where the address does not identify one. */
  readonly network: string | undefined;
  /** The widest network of the client, likewise. */
  readonly site: string | undefined;
  /** What waits for the same attempts to be settled. */
  readonly queues: readonly string[];
}

export function loginKeys(
  { fingerprint, settings }: ShieldDeps,
  { username, password }: Credential,
  client: string,
): LoginKeys {
  const typed = accountName(username);
  const [network, ...wider] = networksOf(client);
  const isClient = identifiesClient(client);
  const place = isClient ? network.name : '';
  const ownKey = fingerprint('name', typed, place);
  const nameKey = fingerprint('name', typed);
  const name = settings.maxWrongPerAccount === 0 ? undefined : nameBudget(settings, nameKey);
  const login = fingerprint('login from', username, place, password);
  const addresses = isClient && settings.maxWrongPerAddress > 0 ? [network, ...wider] : [];
  return {
    login,
    attempt: fingerprint('attempt', typed, place, password),
    trust: {
      password: fingerprint('trusted password', typed, password),
      ...(isClient ? { network: fingerprint('trusted network', typed, network.name) } : {}),
    },
    budgets: [
      ...(name === undefined ? [] : [networkBudget(settings, ownKey), name]),
      ...addresses.map(({ name: address, share }) => ({
        ...addressBudget(settings, fingerprint('address', address), share),
        guess: login,
      })),
    ],
    name,
    network: isClient ? network.name : undefined,
    site: isClient ? (wider.at(-1) ?? network).name : undefined,
    queues: [ownKey, nameKey, place],
  };
}

/** The budgets of an account at its backend: for all logins, and for those from the site of the client. */
export function accountBudgets(
  { fingerprint, settings }: Pick<ShieldDeps, 'fingerprint' | 'settings'>,
  account: readonly [backend: string, account: string],
  site: string | undefined,
): readonly Budget[] {
  const { maxWrongPerAccount: max } = settings;
  if (max === 0) return [];
  const all = accountBudget(settings, fingerprint('attempts', ...account), Math.max(1, max - 1));
  if (site === undefined) return [all];
  // Two at least: a person mistypes.
  return [all, accountBudget(settings, fingerprint('attempts from', ...account, site), Math.max(2, max - 2))];
}

function accountBudget({ maxWrongPerAccount: max, window }: ShieldSettings, key: string, limit: number): Budget {
  return {
    kind: 'account',
    key,
    limit: Math.min(limit, max),
    trusted: { by: 'either', limit: max },
    window,
    isClearedBySuccess: true,
    countsRefused: false,
  };
}

function networkBudget({ maxWrongPerAccount: max, window }: ShieldSettings, key: string): Budget {
  return {
    kind: 'name',
    key,
    limit: max,
    trusted: { by: 'password', limit: max * GUESSES },
    window,
    isClearedBySuccess: true,
    countsRefused: true,
  };
}

/** A success does not clear it: the owner's logins must not give others new guesses. */
function nameBudget({ maxWrongPerAccount: max, window }: ShieldSettings, key: string): Budget {
  return {
    kind: 'name',
    key,
    limit: max * GUESSES,
    trusted: { by: 'both', limit: NO_LIMIT },
    window,
    isClearedBySuccess: false,
    countsRefused: true,
  };
}

function addressBudget({ maxWrongPerAddress: max, window }: ShieldSettings, key: string, share: number): Budget {
  return {
    kind: 'address',
    key,
    limit: max * share,
    trusted: { by: 'both', limit: NO_LIMIT },
    window,
    isClearedBySuccess: false,
    countsRefused: false,
  };
}
