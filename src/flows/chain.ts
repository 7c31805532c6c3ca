/** The backends in their order: which of them are asked about a login, and to which of them a name belongs. */
import type { Credential, Identity } from '../core/identity.ts';
import type { NamePattern } from '../core/policy/name-pattern.ts';
import type { Authenticator } from '../core/ports.ts';
import { isToken } from '../core/token-shape.ts';

/** A backend in its place in the chain. */
export interface ChainedBackend {
  readonly authenticator: Authenticator;
  /** The logins that are its own; undefined: all. */
  readonly usernames: readonly NamePattern[] | undefined;
}

/** What stands in the password's place. */
export type Kind = NonNullable<Authenticator['accepts']>;

export function kindOf({ password }: Credential): Kind {
  return isToken(password.reveal()) ? 'tokens' : 'passwords';
}

/** Whether a backend is asked about a credential. A token needs no name beside it: it says itself whose it is. */
export function isOffered({ authenticator, usernames }: ChainedBackend, username: string, kind: Kind): boolean {
  if ((authenticator.accepts ?? 'passwords') !== kind) return false;
  if (usernames === undefined || (kind === 'tokens' && username === '')) return true;
  return usernames.some((pattern) => pattern.match(username) !== undefined);
}

/**
 * Why a user's name is not the user's own: a backend before the user's has a user whom a policy, which knows people by
 * their names, would take for this one. Whoever is asked first about a name has it, in whichever spelling it is typed:
 * `Bob` of a directory is not to be what `bob` of a users file may be.
 */
export function foreignName(backends: readonly ChainedBackend[], identity: Identity): string | undefined {
  const own = backends.findIndex(({ authenticator: { name } }) => name === identity.backend);
  const owner = backends
    .slice(0, Math.max(own, 0))
    .find((backend) =>
      backend.authenticator.namesakes?.(identity.username).some((name) => isOffered(backend, name, 'passwords')),
    );
  if (owner === undefined) return undefined;
  return `${identity.username} is a user of ${owner.authenticator.name}, which stands before ${identity.backend}`;
}
