/** Counts wrong passwords by account, and refuses more before the directory would lock the account. */
import { networkOf } from '../../core/client-network.ts';
import type { Credential } from '../../core/identity.ts';
import type { AttemptGuard, AuthnOutcome } from '../../core/ports.ts';
import type { ShieldDeps } from './settings.ts';

/** The guard of one login. */
export interface LoginGuard extends AttemptGuard {
  /** The account as the backend found it; what was typed until then. */
  subject(): string;
  /** Counts the attempt, or forgets the count when the login was right. */
  settle(outcome: AuthnOutcome): Promise<void>;
  /** The attempt came to nothing: it does not count. */
  release(): Promise<void>;
}

export const KNOWN_WRONG: AuthnOutcome = { kind: 'rejected', reason: 'wrong-password' };
/** Without the reason of the refusal that holds it: that was for who had the right password. */
export const HELD: AuthnOutcome = { kind: 'rejected', reason: 'held' };
export const TOO_MANY: AuthnOutcome = { kind: 'rejected', reason: 'too-many-attempts' };

/** A loopback address, or none, is that of a proxy on this machine: everybody comes from there. */
function isOfOne(client: string): boolean {
  return client !== '' && client !== '::1' && !client.startsWith('127.') && !client.startsWith('::ffff:127.');
}

export interface Attempts {
  /** @param source the backend, with what changes when it is to be looked at anew */
  guardFor(source: string, credential: Credential, client: string): LoginGuard;
  /** Counts a login for a name that nobody knows. @returns whether that name has had its share. */
  countUnknown(credential: Credential, client: string): Promise<boolean>;
  /** Whether this client address has had its share of refused logins. */
  isHeld(client: string): Promise<boolean>;
  /** Forgets what was counted of addresses and of unknown names; what was counted of accounts is under their source. */
  forget(): void;
}

export function createAttempts({ settings, fingerprint, counters, wrong }: ShieldDeps): Attempts {
  const { maxWrongPerAccount, maxWrongPerAddress, window } = settings;
  let generation = 0;
  const addressKey = (client: string): string => `address ${generation} ${networkOf(client)}`;

  async function countAddress(client: string): Promise<void> {
    if (maxWrongPerAddress > 0 && isOfOne(client)) await counters.add(addressKey(client), 1, window);
  }

  async function countUnknown({ username, password }: Credential, client: string): Promise<boolean> {
    const name = fingerprint('unknown', `${generation}`, username);
    const passwordKey = fingerprint('unknown', `${generation}`, username, password.reveal());
    const isRepeated = (await wrong.get(passwordKey)) !== undefined;
    if (!isRepeated) {
      if (settings.rememberWrong > 0) await wrong.put(passwordKey, KNOWN_WRONG, settings.rememberWrong);
      await countAddress(client);
    }
    return maxWrongPerAccount > 0 && !isRepeated && (await counters.add(name, 1, window)) > maxWrongPerAccount;
  }

  async function isHeld(client: string): Promise<boolean> {
    if (maxWrongPerAddress === 0 || !isOfOne(client)) return false;
    return (await counters.add(addressKey(client), 0, window)) >= maxWrongPerAddress;
  }

  function guardFor(source: string, { username, password }: Credential, client: string): LoginGuard {
    let subject = username;
    let account = username;
    let reserved: string | undefined;
    /** One password for one account, under whichever of its names it was typed. */
    const passwordKey = (): string => fingerprint('wrong', source, subject, password.reveal());

    const holdKey = (): string => fingerprint('hold', source, account);

    async function release(): Promise<void> {
      if (reserved !== undefined) await counters.add(reserved, -1, window);
      reserved = undefined;
    }

    return {
      subject: () => subject,
      beforeAttempt: async (found, counted = found) => {
        subject = found;
        account = counted;
        if ((await wrong.get(passwordKey())) !== undefined) return KNOWN_WRONG;
        if ((await wrong.get(holdKey())) !== undefined) return HELD;
        if (maxWrongPerAccount === 0) return undefined;
        // Counted before the attempt and given back after a right one: many wrong ones at once must not all slip by.
        reserved = fingerprint('attempts', source, account);
        if ((await counters.add(reserved, 1, window)) <= maxWrongPerAccount) return undefined;
        await release();
        return TOO_MANY;
      },
      settle: async (outcome) => {
        if (outcome.kind === 'authenticated') {
          if (reserved !== undefined) await counters.remove(reserved);
          reserved = undefined;
          return;
        }
        if (outcome.kind === 'rejected' && outcome.holdFor !== undefined && settings.rememberRefused > 0) {
          await wrong.put(holdKey(), HELD, outcome.holdFor);
        }
        const isWrong = outcome.kind === 'rejected' && outcome.reason === 'wrong-password';
        if (!isWrong) return release();
        if (outcome !== KNOWN_WRONG) await countAddress(client);
        reserved = undefined;
        if (settings.rememberWrong > 0) await wrong.put(passwordKey(), KNOWN_WRONG, settings.rememberWrong);
      },
      release,
    };
  }

  return {
    guardFor,
    countUnknown,
    isHeld,
    forget: () => {
      generation += 1;
    },
  };
}
