/** The source of accounts that the configuration names. */
import type { Deadline } from '../../../core/deadline.ts';
import type { BackendDeps } from '../../backend.ts';
import type { ProviderClient } from '../../oidc/client/open-client.ts';
import type { Session } from '../../oidc/client/provider.ts';
import type { Settings } from '../../oidc/client/settings.ts';
import { withoutSlash } from '../../oidc/metadata.ts';
import type { OidcSignInConfig } from '../config.ts';
import { adminUrlOf } from '../keycloak-address.ts';
import { graphDirectory } from './graph.ts';
import { keycloakDirectory } from './keycloak.ts';
import { createLastSignInAccounts } from './last-sign-in.ts';
import { createLookedUpAccounts } from './looked-up.ts';
import { createRedeem } from './redeem.ts';
import { createRefreshedAccounts } from './refreshed.ts';
import type { AccountSource } from './source.ts';

interface OpenAccountsDeps extends Pick<BackendDeps, 'clock' | 'log' | 'accounts' | 'sealing'> {
  readonly settings: Settings;
  readonly client: Pick<ProviderClient, 'graph'>;
  readonly open: (deadline: Deadline) => Promise<Session>;
}

/** @returns undefined where the accounts are elsewhere, and in commands: they have no records, and nobody signs in there */
export function openAccountSource(config: OidcSignInConfig, deps: OpenAccountsDeps): AccountSource | undefined {
  const { accounts: store, sealing, settings, client, clock, log, open } = deps;
  const { accounts, name: backend } = config;
  if (accounts.from === 'backend' || store === undefined) return undefined;
  const common = { backend, store, clock };
  const { graph } = client;
  switch (accounts.from) {
    case 'sign-in':
      return createLastSignInAccounts({ ...common, every: accounts.every });
    case 'graph':
      // INVARIANT: the configuration schema requires the address of Graph.
      if (graph === undefined) throw new Error('accounts from graph without graphUrl');
      return createLookedUpAccounts({ ...common, open, directory: graphDirectory(graph, settings.identity) });
    case 'keycloak': {
      const { internalUrl = config.issuer } = config;
      // INVARIANT: the configuration schema requires `url` where it does not follow from the issuer.
      const adminUrl = withoutSlash(accounts.url ?? adminUrlOf(internalUrl) ?? '');
      const directory = keycloakDirectory({ adminUrl, rules: settings.identity, clock, log });
      return createLookedUpAccounts({ ...common, open, directory });
    }
    case 'refresh-token':
      if (sealing === undefined) return undefined;
      return createRefreshedAccounts({ ...common, sealing, log, redeem: createRedeem({ settings, graph, open }) });
  }
}
