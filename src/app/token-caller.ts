/** Who a stored personal token stands for now, as a running broker finds it out at each use; for `fairlead explain`. */
import type { BrokerConfig } from '../config/broker-schema.ts';
import { robotsOf } from '../config/robots-schema.ts';
import { createSecrets } from '../config/secrets.ts';
import type { Caller } from '../core/identity.ts';
import { isInNetworks } from '../core/personal-token.ts';
import type { Log } from '../core/ports.ts';
import type { ListedToken } from '../flows/personal-token/list.ts';
import { createIdentityOfOwner } from '../flows/personal-token/owner.ts';
import { createRobotOwners } from '../flows/personal-token/robot-owner.ts';
import { viaOf } from '../flows/personal-token/use.ts';
import { systemClock } from '../platform/clock.ts';
import { createSecretMarks } from '../platform/secret-marks.ts';
import { systemTimer } from '../platform/timer.ts';
import { buildBackends } from './backends.ts';

/** The caller, or why the token is refused. */
type TokenCaller =
  | { readonly caller: Caller; readonly refusal?: undefined }
  | { readonly caller?: undefined; readonly refusal: string };

/**
 * @param client the address from which the token is used
 * @throws BrokerError `backend_unavailable` when the owner cannot be looked up
 */
export async function tokenCaller(
  { backends: configured, robots, stateDir }: BrokerConfig,
  token: ListedToken,
  { client, log }: { readonly client: string; readonly log: Log },
): Promise<TokenCaller> {
  if (!isInNetworks(token.networks, client)) return { refusal: 'it may not be used from this address' };
  await using resources = new AsyncDisposableStack();
  const secret = createSecrets();
  const markSecret = createSecretMarks(stateDir);
  const backends = await buildBackends(configured, { clock: systemClock, log, secret, markSecret });
  for (const { authenticator } of backends) resources.use(authenticator);
  const deps = { backends, clock: systemClock, timer: systemTimer };
  const identityOf = createIdentityOfOwner({
    ...deps,
    robots: createRobotOwners({ ...deps, robots: robotsOf(robots) }),
  });
  const { identity, refusal } = await identityOf(token.owner);
  if (identity === undefined) return { refusal };
  return { caller: { kind: 'user', identity, via: viaOf(token.id, token) } };
}
