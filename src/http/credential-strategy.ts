/** The Passport strategy of a token service: Basic, the password form, or nobody. */
import type { Request } from 'express';
import passport from 'passport';
import type { RequestContext } from '../core/events.ts';
import type { Identify } from '../flows/identify.ts';
import { contextOf, tokenRequestOf } from './locals.ts';

export const CREDENTIAL_STRATEGY = 'registry-credential';

/** Succeeds with a `Caller`, anonymous included; every refusal is an error, so that one table answers them all. */
export class CredentialStrategy extends passport.Strategy {
  override readonly name = CREDENTIAL_STRATEGY;
  // Passport calls `authenticate` on objects that only inherit from this one, which `#private` fields do not survive.
  private readonly identify: Identify;

  constructor(identify: Identify) {
    super();
    this.identify = identify;
  }

  override authenticate(request: Request): void {
    const context: RequestContext = contextOf(request);
    const { credential } = tokenRequestOf(request);
    this.identify(credential, context).then(
      (caller) => this.success(caller),
      (error: unknown) => this.error(error),
    );
  }
}
