import { BrokerError } from '../../core/errors.ts';
import { foldCase } from '../../core/fold-case.ts';
import type { Identity } from '../../core/identity.ts';
import type { Authenticator, AuthnOutcome } from '../../core/ports.ts';
import type { BackendDeps } from '../backend.ts';
import { isTooLong, verifyPassword } from '../password-hash.ts';
import type { StaticFileConfig } from './config.ts';
import type { CurrentSecret } from './plain-secret.ts';
import { loadUsers, userFiles } from './users.ts';
import type { User } from './users.ts';

/** Registries that verify bcrypt themselves accept such a password by its first 72 bytes. */
const CUT_BY_BCRYPT =
  'the password has more than 72 bytes, and a bcrypt hash stands for the first 72 only: hash it with fairlead hash-password';

/**
 * Opens the files of users. Names are exact: `Alice` is not `alice`.
 *
 * @param verify compares a password with a hash; tests count its calls
 * @throws UsersFileError
 */
export async function openStaticFile(
  config: StaticFileConfig,
  deps: BackendDeps,
  verify: typeof verifyPassword = verifyPassword,
): Promise<Authenticator> {
  let users = await loadUsers(config, deps);
  let latest = 0;

  return {
    name: config.name,
    type: config.type,
    watches: userFiles(config),
    verifiesPasswords: true,

    async authenticate({ username, password }, deadline, guard): Promise<AuthnOutcome> {
      const expired = (): boolean => deadline.left() === 0;
      if (expired()) throw new BrokerError('backend_unavailable', 'no time is left to verify the password');
      const typed = password.reveal();
      if (typed === '') return { kind: 'rejected', reason: 'empty-password' };
      // A reload during the verification does not change the answer.
      const snapshot = users;
      const user = snapshot.byName.get(username);
      const stored = user?.password;
      if (user !== undefined && stored !== undefined && 'secret' in stored) {
        const secret = await stored.secret.current();
        if (secret.matches(typed)) {
          return { kind: 'authenticated', identity: await withSubject(user.identity, secret) };
        }
      }
      // An unknown user, and a wrong password that needs no hash, wait and take as long as a wrong password with a hash.
      const own = stored !== undefined && 'hash' in stored ? stored.hash : undefined;
      const hash = own ?? snapshot.decoy;
      const options = { username, expired, network: guard?.network, isDecoy: own === undefined };
      const fits = hash !== undefined && (await verify(typed, hash, options));
      if (user === undefined) return { kind: 'unknown-user' };
      if (own !== undefined && fits) return { kind: 'authenticated', identity: user.identity };
      const isCut = own !== undefined && isTooLong(typed, own);
      return { kind: 'rejected', reason: 'wrong-password', ...(isCut ? { detail: CUT_BY_BCRYPT } : {}) };
    },

    usersNamed: (username) => {
      const folded = foldCase(username);
      return [...(users.byName.has(folded) ? [folded] : []), ...(users.inOtherCase.get(folded) ?? [])];
    },

    lookup: async (name) => currentIdentity(users.byName.get(name)),

    revalidate: async ({ login, subject }) => {
      const identity = await currentIdentity(users.byName.get(login));
      return identity?.subject === subject && identity !== undefined
        ? { kind: 'authenticated', identity }
        : { kind: 'unknown-user' };
    },

    // The users are in memory. `reload` reports a missing file, and the last good one stays in use.
    probe: async () => ({ state: 'up' }),

    async reload() {
      latest += 1;
      const turn = latest;
      const loaded = await loadUsers(config, deps);
      // Of two reloads at the same time, the one that began later has read the newer files.
      if (turn === latest) users = loaded;
    },

    [Symbol.asyncDispose]: async () => undefined,
  };
}

/** The identity of a user, with the id of the account that depends on the secret of now. */
async function currentIdentity(user: User | undefined): Promise<Identity | undefined> {
  if (user === undefined || 'hash' in user.password) return user?.identity;
  return withSubject(user.identity, await user.password.secret.current());
}

/** A user with another secret is another account: what depended on the old secret ends. */
async function withSubject(identity: Identity, secret: CurrentSecret): Promise<Identity> {
  const mark = await secret.mark();
  return mark === undefined ? identity : { ...identity, subject: `${mark} ${identity.username}` };
}
