/**
 * Ends the sessions that logins open at the provider. The refresh token, which is not used, is revoked (RFC 7009) after
 * the login has been answered; at many providers that ends the session.
 */
import { tokenRevocation } from 'openid-client';
import type { Log } from '../../core/ports.ts';
import { describeFault, readFault } from '../oidc/client/fault.ts';
import type { Provider } from '../oidc/client/provider.ts';

export interface Revocation extends AsyncDisposable {
  /** Never throws and never waits. */
  revoke(refreshToken: string): void;
}

const LIMIT_MS = 2000;
/** Tokens beyond this number at once are left to expire: logins come first. */
const MAX_PENDING = 32;

export function createRevocation(deps: {
  readonly backend: string;
  readonly provider: Provider;
  readonly log: Log;
}): Revocation {
  const pending = new Set<Promise<void>>();
  let failing = false;

  function report(detail: string | undefined): void {
    // Logged once until it works again, and not for every login.
    if (detail !== undefined && !failing) {
      deps.log.warn('refresh token not revoked: sessions stay open at the OpenID provider', {
        backend: deps.backend,
        cause: detail,
      });
    }
    failing = detail !== undefined;
  }

  async function run(refreshToken: string): Promise<void> {
    try {
      const { configuration, metadata } = await deps.provider.open(AbortSignal.timeout(LIMIT_MS));
      if (metadata.endpoints.revocation_endpoint === undefined) return;
      await tokenRevocation(configuration, refreshToken, { token_type_hint: 'refresh_token' });
      report(undefined);
    } catch (error) {
      report(describeFault(await readFault(error, [refreshToken])));
    }
  }

  return {
    revoke: (refreshToken) => {
      if (pending.size >= MAX_PENDING) return report('too many at once');
      const task = run(refreshToken).finally(() => pending.delete(task));
      pending.add(task);
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(pending);
    },
  };
}
