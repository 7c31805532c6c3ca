/** The Passport strategy of a token service: Basic, the password form, a refresh token, or nobody. */
import type { Request } from 'express';
import passport from 'passport';
import type { Caller } from '../core/identity.ts';

export const CREDENTIAL_STRATEGY = 'registry-credential';

type CallerOfRequest = (request: Request) => Promise<Caller>;

/** Succeeds with a `Caller`, anonymous included; every refusal is an error, so that one table answers them all. */
export class CredentialStrategy extends passport.Strategy {
  override readonly name = CREDENTIAL_STRATEGY;
  // Passport calls `authenticate` on objects that only inherit from this one, which `#private` fields do not survive.
  private readonly callerOfRequest: CallerOfRequest;

  constructor(callerOfRequest: CallerOfRequest) {
    super();
    this.callerOfRequest = callerOfRequest;
  }

  override authenticate(request: Request): void {
    this.callerOfRequest(request).then(
      (caller) => this.success(caller),
      (error: unknown) => this.error(error),
    );
  }
}
