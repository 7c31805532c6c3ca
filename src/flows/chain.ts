/** The backends in their configured order: which logins each is offered, and which user names belong to it. */
import type { Credential, Identity } from '../core/identity.ts';
import type { NamePattern } from '../core/policy/name-pattern.ts';
import type { Authenticator, LoginMethod } from '../core/ports.ts';
import { looksLikeRobot, ROBOT_PREFIX } from '../core/robot-name.ts';
import { isToken } from '../core/token-shape.ts';

/** A backend with its place in the chain. */
export interface ChainedBackend {
  readonly authenticator: Authenticator;
  /** Patterns of the user names that it serves; undefined: all. */
  readonly usernames: readonly NamePattern[] | undefined;
}

/** How a credential logs in: by what stands in the place of the password. */
export type CredentialMethod = Exclude<LoginMethod, 'sign-ins'>;

export function methodOf({ password }: Credential): CredentialMethod {
  return password.matches(isToken) ? 'tokens' : 'passwords';
}

/** Why a backend is not asked: it accepts another login method, or it serves other user names. */
export type SkipReason = 'accepts-passwords' | 'accepts-tokens' | 'accepts-sign-ins' | 'other-usernames';

/** @returns undefined when the backend is asked */
export function skipReason(
  { authenticator: { accepts = 'passwords' }, usernames }: ChainedBackend,
  username: string,
  method: LoginMethod,
): SkipReason | undefined {
  if (accepts !== method) return `accepts-${accepts}`;
  // A token names its own user, so the user name next to it may be empty.
  if (usernames === undefined || (method === 'tokens' && username === '')) return undefined;
  return usernames.some((pattern) => pattern.match(username) !== undefined) ? undefined : 'other-usernames';
}

/**
 * Whether people with this user name can only sign in with a browser. It depends on the configuration and on the name as
 * typed, and reveals nothing about accounts.
 */
export function acceptsOnlySignIns(backends: readonly ChainedBackend[], username: string): boolean {
  const isOffered = (method: LoginMethod): boolean =>
    backends.some((backend) => skipReason(backend, username, method) === undefined);
  return isOffered('sign-ins') && !isOffered('passwords');
}

export function backendNamed(backends: readonly ChainedBackend[], name: string): ChainedBackend | undefined {
  return backends.find(({ authenticator }) => authenticator.name === name);
}

/**
 * The only backend that can have a person with this user name, by the configuration alone. Jobs are no persons, and a
 * backend whose sign-ins lead to the accounts of another one has none of its own.
 *
 * @returns undefined where several can, or none
 */
export function onlyBackendFor(backends: readonly ChainedBackend[], username: string): string | undefined {
  const [only, ...others] = backends.filter((backend) => {
    const { accepts = 'passwords', signIn } = backend.authenticator;
    if (accepts === 'tokens' || signIn?.accountsAt !== undefined) return false;
    return skipReason(backend, username, accepts) === undefined;
  });
  return others.length === 0 ? only?.authenticator.name : undefined;
}

/**
 * Why a user may not log in under this name: it is that of a robot, or another backend has a user whom a policy would take
 * for the same one. The first backend for passwords that serves a name owns it in every spelling, so that `Bob` of a
 * directory does not get the rights of `bob` in a users file. Tokens are routed by their issuer, and people choose where
 * they sign in with a browser, so these get no name of a user wherever they stand.
 */
export function foreignName(backends: readonly ChainedBackend[], identity: Identity): string | undefined {
  if (looksLikeRobot(identity.username))
    return `${identity.username} begins with ${ROBOT_PREFIX}, as the names of robots do`;
  const own = backends.findIndex(({ authenticator: { name } }) => name === identity.backend);
  const isChosen = (backends[own]?.authenticator.accepts ?? 'passwords') !== 'passwords';
  const owner = (isChosen ? backends : backends.slice(0, Math.max(own, 0))).find((backend) =>
    backend.authenticator
      .usersNamed?.(identity.username)
      .some((name) => skipReason(backend, name, 'passwords') === undefined),
  );
  if (owner === undefined) return undefined;
  const relation = isChosen ? `whose names ${identity.backend} cannot give` : `which precedes ${identity.backend}`;
  return `${identity.username} is a user of ${owner.authenticator.name}, ${relation}`;
}
