/** A directory in memory that counts wrong passwords, as Active Directory does, and records the most it has counted. */
import type { AttemptGuard, Authenticator, AuthnOutcome, RejectReason } from '../../src/core/ports.ts';
import { accountName } from '../../src/core/spelling.ts';
import { authenticated } from './fake-backend.ts';

export interface FakeAccount {
  password: string;
  /** Why the account may not log in. */
  readonly state?: RejectReason;
}

export interface FakeDirectory {
  readonly backend: Authenticator;
  readonly accounts: Map<string, FakeAccount>;
  /** The passwords that it was sent, as `account/password`. */
  readonly seen: string[];
  /** How many logins have reached it, with known and unknown names. */
  logins(): number;
  /** Wrong passwords of an account since its last success. */
  wrong(account: string): number;
  /** The most that `wrong` has ever been, over all accounts. */
  mostWrong(): number;
}

export interface FakeDirectoryOptions {
  readonly name?: string;
  readonly accounts: Readonly<Record<string, FakeAccount>>;
  /** Waits, before the search and before and after the password is compared. */
  readonly pause?: () => Promise<void>;
  /** Whether it compares passwords itself, as a users file does, and cannot be locked. */
  readonly verifiesPasswords?: boolean;
}

export function fakeDirectory({
  name = 'corp',
  accounts: given,
  pause = async () => undefined,
  verifiesPasswords = false,
}: FakeDirectoryOptions): FakeDirectory {
  const accounts = new Map(Object.entries(given));
  const counts = new Map<string, number>();
  const seen: string[] = [];
  let most = 0;
  let logins = 0;

  function compare(id: string, account: FakeAccount, password: string): AuthnOutcome {
    seen.push(`${id}/${password}`);
    if (password === account.password) {
      counts.set(id, 0);
      return authenticated(id, name);
    }
    const count = (counts.get(id) ?? 0) + 1;
    counts.set(id, count);
    most = Math.max(most, count);
    return { kind: 'rejected', reason: 'wrong-password' };
  }

  async function authenticate(typed: string, password: string, guard: AttemptGuard | undefined): Promise<AuthnOutcome> {
    logins += 1;
    await pause();
    const id = verifiesPasswords ? typed : accountName(typed);
    const account = accounts.get(id);
    if (account === undefined) return { kind: 'unknown-user' };
    if (account.state !== undefined) return { kind: 'rejected', reason: account.state };
    const refusal = verifiesPasswords ? undefined : await guard?.beforeAttempt(`id of ${id}`);
    if (refusal !== undefined) return refusal;
    await pause();
    const outcome = compare(id, account, password);
    await pause();
    return outcome;
  }

  return {
    backend: {
      name,
      type: 'fake',
      asksGuard: !verifiesPasswords,
      verifiesPasswords,
      authenticate: ({ username, password }, _deadline, guard) => authenticate(username, password.reveal(), guard),
      probe: async () => ({ state: 'up' }),
      [Symbol.asyncDispose]: async () => undefined,
    },
    accounts,
    seen,
    logins: () => logins,
    wrong: (account) => counts.get(account) ?? 0,
    mostWrong: () => most,
  };
}
