/**
 * Logins that a person has allowed, and that no program has redeemed yet. They end with the account: a program that waits
 * would otherwise get a login after everything has ended.
 */
import { isChosenAccount } from '../core/account.ts';
import type { AuthorizationCode } from '../core/authorization-code.ts';
import type { DeviceRequest } from '../core/device-request.ts';
import type { EventSink, ListableStore } from '../core/ports.ts';
import { helperEvent } from './approval.ts';
import type { KeptCredentials } from './end-account.ts';

interface KeptApprovalsDeps {
  readonly codes: Pick<ListableStore<AuthorizationCode>, 'list' | 'removeAll'>;
  readonly deviceRequests: Pick<ListableStore<DeviceRequest>, 'list' | 'removeAll'>;
  readonly audit: EventSink;
}

/** The allowed logins of an account, for `createEndAccount`. */
export function keptApprovals({ codes, deviceRequests, audit }: KeptApprovalsDeps): KeptCredentials {
  return {
    what: 'allowed logins of programs',
    endOf: async (account, { request, by, cause = `ended by ${by}` }) => {
      let count = 0;
      for (const [method, store] of [
        ['browser', codes],
        ['device', deviceRequests],
      ] as const) {
        const chosen = (await store.list()).filter(
          ({ value }) =>
            value.account !== undefined && value.state !== 'used' && isChosenAccount(account, value.account),
        );
        count += await store.removeAll(chosen.map(({ key }) => key));
        for (const { value } of chosen) {
          const { service, account: allowed } = value;
          const about = { method, service, username: allowed?.username ?? '', backend: allowed?.backend ?? '' };
          audit.record(helperEvent(request, { ...about, outcome: 'refused', cause }));
        }
      }
      return count;
    },
  };
}
