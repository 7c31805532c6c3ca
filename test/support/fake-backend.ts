/** A backend with a given answer, which records the logins that it was sent. */
import { BrokerError } from '../../src/core/errors.ts';
import { username } from '../../src/core/identity.ts';
import type { Identity } from '../../src/core/identity.ts';
import { parseNamePattern } from '../../src/core/policy/name-pattern.ts';
import type { Authenticator, AuthnOutcome } from '../../src/core/ports.ts';
import type { ChainedBackend } from '../../src/flows/chain.ts';

export interface FakeBackend {
  readonly chained: ChainedBackend;
  /** The logins that it was sent, as `name/password`. */
  readonly seen: string[];
}

export interface FakeBackendOptions {
  readonly name?: string;
  readonly accepts?: Authenticator['accepts'];
  /** Patterns of the user names that it serves. */
  readonly usernames?: readonly string[];
  readonly lookup?: Authenticator['lookup'];
  readonly usersNamed?: Authenticator['usersNamed'];
}

export const UNKNOWN: AuthnOutcome = { kind: 'unknown-user' };
export const REFUSED: AuthnOutcome = { kind: 'rejected', reason: 'wrong-password' };

export function identity(name: string, backend = 'fake'): Identity {
  return { username: username(name), groups: new Set(), backend, caseless: false, attributes: new Map() };
}

export function authenticated(name: string, backend = 'fake'): AuthnOutcome {
  return { kind: 'authenticated', identity: identity(name, backend) };
}

/** @param outcome its answer; 'down': an outage; an Error: a defect */
export function fakeBackend(outcome: AuthnOutcome | 'down' | Error, options: FakeBackendOptions = {}): FakeBackend {
  const { name = 'fake', accepts, usernames, lookup, usersNamed } = options;
  const seen: string[] = [];
  const authenticator: Authenticator = {
    name,
    type: 'fake',
    ...(accepts === undefined ? {} : { accepts }),
    ...(lookup === undefined ? {} : { lookup }),
    ...(usersNamed === undefined ? {} : { usersNamed }),
    authenticate: async ({ username: typed, password }) => {
      seen.push(`${typed}/${password.reveal()}`);
      if (outcome === 'down') throw new BrokerError('backend_unavailable', `${name} is down`);
      if (outcome instanceof Error) throw outcome;
      return outcome;
    },
    probe: async () => ({ state: 'up' }),
    [Symbol.asyncDispose]: async () => undefined,
  };
  const patterns = usernames?.map(parseNamePattern).filter((pattern) => typeof pattern !== 'string');
  return { chained: { authenticator, usernames: patterns }, seen };
}
