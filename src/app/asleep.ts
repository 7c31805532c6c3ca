/** Which accounts are asleep, by what is stored of them: no provider is asked. */
import { traitsOf } from '../backends/index.ts';
import type { BackendConfig } from '../backends/index.ts';
import type { TokenOwner } from '../core/personal-token.ts';
import type { Clock } from '../core/ports.ts';
import { accountKey } from '../core/signed-in-account.ts';
import type { SignedInAccount, SignedInAccounts } from '../core/signed-in-account.ts';

/** Whose a credential is: an account, or a robot, which never sleeps. */
type Owner = TokenOwner | Pick<SignedInAccount, 'backend' | 'subject'>;

/**
 * @param owners of credentials
 * @returns whether one of these owners is asleep. Throws BrokerError `records_unavailable`.
 */
export type FindAsleep = (owners: readonly Owner[]) => Promise<(owner: Owner) => boolean>;

/** With more accounts than this, all are read at once. */
const MOST_READS = 20;

export function createFindAsleep(
  backends: readonly BackendConfig[],
  store: Pick<SignedInAccounts, 'get' | 'list'>,
  clock: Pick<Clock, 'now'>,
): FindAsleep {
  const traits = new Map(backends.map((config) => [config.name, traitsOf(config)]));

  /** Undefined: nobody signs in there with a browser, so that nothing is stored of the account. */
  const keyOf = (owner: Owner): string | undefined => {
    if ('kind' in owner && owner.kind === 'robot') return undefined;
    return traits.get(owner.backend)?.accepts === 'sign-ins' ? accountKey(owner) : undefined;
  };
  const isAsleep = (account: SignedInAccount): boolean =>
    traits.get(account.backend)?.isAsleep(account, clock.now()) === true;

  return async (owners) => {
    const keys = new Set(owners.map(keyOf).filter((key) => key !== undefined));
    const accounts = await accountsOf(store, keys);
    const asleep = new Set(accounts.filter(isAsleep).map(accountKey));
    return (owner) => asleep.has(keyOf(owner) ?? '');
  };
}

async function accountsOf(
  store: Pick<SignedInAccounts, 'get' | 'list'>,
  keys: ReadonlySet<string>,
): Promise<readonly SignedInAccount[]> {
  if (keys.size > MOST_READS) return (await store.list()).map(({ value }) => value);
  const found = await Promise.all([...keys].map((key) => store.get(key)));
  return found.filter((account) => account !== undefined);
}
