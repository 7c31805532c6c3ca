/** Which backends give names in lower case, so that the policy compares them without case. */
import type { BackendConfig } from '../backends/index.ts';
import { settle } from '../backends/oidc-password/settings.ts';

export function givesLowerCase(backend: BackendConfig): boolean {
  switch (backend.type) {
    case 'ldap':
      return true;
    case 'oidc-password':
      return settle(backend).identity.lowercase;
    case 'static-file':
    case 'oidc-token':
      return false;
  }
}
