/** The personal tokens by which something may be done with a repository now. */
import { openTokenCallers } from '../../app/token-callers.ts';
import type { BrokerConfig } from '../../config/broker-schema.ts';
import type { Action } from '../../core/access.ts';
import { decideFor } from '../../core/policy/decide-for.ts';
import type { Policy } from '../../core/policy/policy.ts';
import { listPersonalTokens } from '../../flows/personal-token/list.ts';
import type { ListedToken } from '../../flows/personal-token/list.ts';
import { systemClock } from '../../platform/clock.ts';
import { collectRemarks } from '../backend-remarks.ts';
import { withTokenStores } from './stores.ts';

interface Question {
  readonly config: BrokerConfig;
  readonly policy: Policy;
  readonly service: string;
  readonly client: string;
  readonly action: Action;
  readonly repository: string;
}

/**
 * Each owner is looked up, as at a use of the token. A token is listed whatever its networks are.
 *
 * @throws BrokerError `backend_unavailable` when an owner cannot be looked up: an incomplete list would be read as a whole one
 */
export async function tokensThatCan({
  config,
  policy,
  service,
  client,
  action,
  repository,
}: Question): Promise<readonly ListedToken[]> {
  return withTokenStores<readonly ListedToken[]>(config, [], async ({ personalTokens, accounts }) => {
    await using callers = await openTokenCallers(config, accounts, collectRemarks().log);
    const time = systemClock.now();
    const found: ListedToken[] = [];
    for (const token of await listPersonalTokens(personalTokens, {})) {
      const { caller } = await callers.callerOf(token);
      if (caller === undefined) continue;
      const asked = { type: 'repository', name: repository, actions: [action] };
      const { granted } = decideFor(policy, { caller, service, client, time }, asked);
      if (granted.includes(action)) found.push(token);
    }
    return found;
  });
}
