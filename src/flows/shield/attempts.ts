/** Counts wrong passwords by account and by client address, and refuses more before the directory locks the account. */
import { isLoopback, parseAddress } from '../../core/address.ts';
import { networkOf } from '../../core/client-network.ts';
import type { Credential } from '../../core/identity.ts';
import type { AttemptGuard, AuthnOutcome } from '../../core/ports.ts';
import type { ShieldDeps } from './settings.ts';

/** The guard of one login. */
export interface LoginGuard extends AttemptGuard {
  /** The account as the backend found it; what was typed until then. */
  subject(): string;
  /** Counts a wrong password, or clears the count after a successful login. */
  record(outcome: AuthnOutcome): Promise<void>;
  /** Takes back the count of an attempt that had no outcome. */
  release(): Promise<void>;
}

export const KNOWN_WRONG: AuthnOutcome = { kind: 'rejected', reason: 'wrong-password' };
/**
 * Says only that the account is on hold. The real reason (locked, expired) is for those who sent the right password.
 */
export const ON_HOLD: AuthnOutcome = { kind: 'rejected', reason: 'held' };
export const TOO_MANY: AuthnOutcome = { kind: 'rejected', reason: 'too-many-attempts' };

/** A loopback address, or none, is that of a proxy on this machine, through which all clients come. */
function identifiesOneClient(client: string): boolean {
  const address = parseAddress(client);
  return client !== '' && (address === undefined || !isLoopback(address));
}

export interface Attempts {
  /** @param source the backend and its generation, which changes with each flush */
  guardFor(source: string, credential: Credential, client: string): LoginGuard;
  /** Counts a login under a name that no backend knows. @returns whether the name has reached its limit */
  countUnknown(credential: Credential, client: string): Promise<boolean>;
  /** Whether this client address has reached its limit of refused logins. */
  isAtLimit(client: string): Promise<boolean>;
  /** Clears the counts of addresses and of unknown names. Those of accounts depend on `source`. */
  clear(): void;
}

export function createAttempts({ settings, fingerprint, counters, refused }: ShieldDeps): Attempts {
  const { maxWrongPerAccount, maxWrongPerAddress, window } = settings;
  let generation = 0;
  const addressKey = (client: string): string => `address ${generation} ${networkOf(client)}`;

  async function countAddress(client: string): Promise<void> {
    if (maxWrongPerAddress > 0 && identifiesOneClient(client)) await counters.add(addressKey(client), 1, window);
  }

  async function countUnknown({ username, password }: Credential, client: string): Promise<boolean> {
    const name = fingerprint('unknown', `${generation}`, username);
    const passwordKey = fingerprint('unknown', `${generation}`, username, password);
    const isRepeated = (await refused.get(passwordKey)) !== undefined;
    if (!isRepeated) {
      if (settings.rememberWrong > 0) await refused.put(passwordKey, KNOWN_WRONG, settings.rememberWrong);
      await countAddress(client);
    }
    return maxWrongPerAccount > 0 && !isRepeated && (await counters.add(name, 1, window)) > maxWrongPerAccount;
  }

  async function isAtLimit(client: string): Promise<boolean> {
    if (maxWrongPerAddress === 0 || !identifiesOneClient(client)) return false;
    return (await counters.add(addressKey(client), 0, window)) >= maxWrongPerAddress;
  }

  function guardFor(source: string, { username, password }: Credential, client: string): LoginGuard {
    let subject = username;
    let account = username;
    let reserved: string | undefined;
    /** One password of one account, under whichever of its names it was typed. */
    const passwordKey = (): string => fingerprint('wrong', source, subject, password);

    const holdKey = (): string => fingerprint('hold', source, account);

    async function release(): Promise<void> {
      if (reserved !== undefined) await counters.add(reserved, -1, window);
      reserved = undefined;
    }

    return {
      ...(identifiesOneClient(client) ? { network: networkOf(client) } : {}),
      subject: () => subject,
      beforeAttempt: async (found, counted = found) => {
        subject = found;
        account = counted;
        if ((await refused.get(passwordKey())) !== undefined) return KNOWN_WRONG;
        if ((await refused.get(holdKey())) !== undefined) return ON_HOLD;
        if (maxWrongPerAccount === 0) return undefined;
        // Counted before the attempt and taken back after a successful one, so that simultaneous attempts cannot exceed
        // the limit.
        reserved = fingerprint('attempts', source, account);
        if ((await counters.add(reserved, 1, window)) <= maxWrongPerAccount) return undefined;
        await release();
        return TOO_MANY;
      },
      record: async (outcome) => {
        if (outcome.kind === 'authenticated') {
          if (reserved !== undefined) await counters.remove(reserved);
          reserved = undefined;
          return;
        }
        if (outcome.kind === 'rejected' && outcome.holdFor !== undefined && settings.rememberRefused > 0) {
          await refused.put(holdKey(), ON_HOLD, outcome.holdFor);
        }
        const isWrong = outcome.kind === 'rejected' && outcome.reason === 'wrong-password';
        if (!isWrong) return release();
        if (outcome !== KNOWN_WRONG) await countAddress(client);
        reserved = undefined;
        if (settings.rememberWrong > 0) await refused.put(passwordKey(), KNOWN_WRONG, settings.rememberWrong);
      },
      release,
    };
  }

  return {
    guardFor,
    countUnknown,
    isAtLimit,
    clear: () => {
      generation += 1;
    },
  };
}
