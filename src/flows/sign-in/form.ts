/** Sign-in with user name and password in a form: the same login as with docker, with the same limits. */
import { BrokerError } from '../../core/errors.ts';
import type { RequestContext } from '../../core/events.ts';
import type { Credential } from '../../core/identity.ts';
import type { Identify } from '../identify.ts';
import type { SignInResult } from './provider.ts';

/** @throws BrokerError as `Identify` does */
export type FormSignIn = (credential: Credential, request: RequestContext) => Promise<SignInResult>;

export function createFormSignIn(identify: Identify): FormSignIn {
  return async (credential, request) => {
    const caller = await identify(credential, request);
    if (caller.kind === 'anonymous') throw new BrokerError('invalid_credentials', 'the form has no credential');
    return { caller, login: credential.username, signedInAt: { backend: caller.identity.backend } };
  };
}
