/** Makes a personal token for a user, on behalf of the operator, whether a broker runs or not. */
import type { BrokerConfig } from '../config/broker-schema.ts';
import { createSecrets } from '../config/secrets.ts';
import { BrokerError, describeError } from '../core/errors.ts';
import type { AuditEvent } from '../core/events.ts';
import type { Audit, Log } from '../core/ports.ts';
import { issueForUser } from '../flows/personal-token/issue-for-user.ts';
import type { UserTokenOrder } from '../flows/personal-token/issue-for-user.ts';
import type { TokenIssue } from '../flows/personal-token/issue.ts';
import { systemClock } from '../platform/clock.ts';
import { randomIds } from '../platform/ids.ts';
import { createSecretMarks } from '../platform/secret-marks.ts';
import { systemTimer } from '../platform/timer.ts';
import { buildBackends } from './backends.ts';
import { recordInBroker } from './control.ts';
import { openPersonalTokens } from './open-personal-tokens.ts';
import { openRecords } from './open-records.ts';

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
  const markSecret = createSecretMarks(config.stateDir);
  const secret = createSecrets();
  const backends = await buildBackends(config.backends, { clock: systemClock, log, secret, markSecret });
  for (const { authenticator } of backends) resources.use(authenticator);
  const records = resources.use(await openRecords(config, { clock: systemClock, log }));
  const audit = auditOfBroker(config, log);
  const { issue } = openPersonalTokens(config, { backends, clock: systemClock, timer: systemTimer, audit, records });
  const request = { requestId: randomIds.next(), client: COMMAND };
  const made = await issueForUser({ backends, clock: systemClock, issue }, order, request);
  return made;
}

/** The audit trail of the running broker. Where none runs, the token has no audit line, and the log says so. */
function auditOfBroker({ stateDir, audit: { onLoss } }: BrokerConfig, log: Log): Audit {
  const send = async (events: readonly AuditEvent[]): Promise<void> => {
    const own = events.filter((event) => event.type === 'personal-token');
    try {
      await recordInBroker(stateDir, own);
    } catch (error) {
      const cause = describeError(error);
      if (onLoss === 'refuse') throw new BrokerError('audit_unavailable', `no broker logs it: ${cause}`);
      log.warn(`the broker did not log the new token: ${cause}`);
    }
  };
  return { record: (event) => void send([event]).catch(() => undefined), commit: send };
}
