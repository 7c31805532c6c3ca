/**
 * The refresh tokens of providers that are stored with accounts (`accounts.from: refresh-token`). They are removed here, and
 * not revoked at the provider, where that may end sessions of other programs.
 */
import { isChosenAccount } from '../../core/account.ts';
import { KEEP_ACCOUNT_SECONDS } from '../../core/signed-in-account.ts';
import type { SignedInAccounts } from '../../core/signed-in-account.ts';
import type { EndableCredentials } from '../end-account.ts';

/** Those of an account, for `createEndAccount`. The account is asleep afterwards. */
export function endableProviderTokens(accounts: SignedInAccounts): EndableCredentials {
  return {
    what: 'tokens of providers',
    endOf: async (choice) => {
      let ended = 0;
      for (const { key, value } of await accounts.list()) {
        const { refresh, ...account } = value;
        const { backend, subject, identity } = account;
        const { username } = identity;
        if (refresh === undefined || !isChosenAccount(choice, { backend, subject, username, login: username }))
          continue;
        if (await accounts.replace(key, account, KEEP_ACCOUNT_SECONDS)) ended += 1;
      }
      return ended;
    },
  };
}
