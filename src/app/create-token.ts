/** Makes a personal token for a user, on behalf of the operator, where no broker runs that could make it. */
import type { BrokerConfig } from '../config/broker-schema.ts';
import { BrokerError } from '../core/errors.ts';
import type { Audit, Log } from '../core/ports.ts';
import { issueForUser } from '../flows/personal-token/issue-for-user.ts';
import type { UserTokenOrder } from '../flows/personal-token/issue-for-user.ts';
import type { TokenIssue } from '../flows/personal-token/issue.ts';
import { systemClock } from '../platform/clock.ts';
import { randomIds } from '../platform/ids.ts';
import { systemTimer } from '../platform/timer.ts';
import { openCommandBackends } from './command-backends.ts';
import { openPersonalTokens } from './open-personal-tokens.ts';
import { openAccounts, openRecords } from './open-records.ts';

/** What the audit trail names as the client of a command. */
const COMMAND = 'fairlead tokens';

/**
 * @throws Error when the user cannot be looked up, the token cannot be stored, or its audit line cannot be written and
 *   `audit.onLoss` is `refuse`
 */
export async function createTokenForUser(
  config: BrokerConfig & { readonly personalTokens: NonNullable<BrokerConfig['personalTokens']> },
  order: UserTokenOrder,
  log: Log,
): Promise<TokenIssue> {
  await using resources = new AsyncDisposableStack();
  const records = resources.use(await openRecords(config, { clock: systemClock, log }));
  const { backends } = resources.use(await openCommandBackends(config, openAccounts(records, systemClock), log));
  const audit = auditWithoutBroker(config, log);
  const { issue } = openPersonalTokens(config, { backends, clock: systemClock, timer: systemTimer, audit, records });
  const request = { requestId: randomIds.next(), client: COMMAND };
  const made = await issueForUser({ backends, clock: systemClock, issue }, order, request);
  return made;
}

/** No broker runs that could record it. Where `onLoss` is `refuse`, nothing is issued without an audit line. */
function auditWithoutBroker({ audit: { onLoss } }: BrokerConfig, log: Log): Audit {
  return {
    record: () => undefined,
    commit: async () => {
      if (onLoss === 'refuse')
        throw new BrokerError('audit_unavailable', 'no broker runs that could record the token: start it first');
      log.warn('no broker runs, so that the audit trail does not have the new token');
    },
  };
}
