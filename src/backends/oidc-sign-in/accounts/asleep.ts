/** Whether an account only lacks a sign-in, by what is stored of it: as the sources of this folder answer, without asking anybody. */
import type { SignedInAccount } from '../../../core/signed-in-account.ts';
import type { OidcSignInConfig } from '../config.ts';

/** @param now epoch seconds */
export function isAsleep({ accounts }: OidcSignInConfig, account: SignedInAccount, now: number): boolean {
  switch (accounts.from) {
    case 'sign-in':
      return now - account.lastSignIn >= accounts.every;
    case 'refresh-token':
      return account.refresh === undefined;
    case 'graph':
    case 'keycloak':
      return account.atSource === undefined;
    case 'backend':
      // The account is in that backend.
      return false;
  }
}
