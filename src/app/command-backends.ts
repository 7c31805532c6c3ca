/** The backends as a command asks them about stored credentials, where no broker does. */
import type { BrokerConfig } from '../config/broker-schema.ts';
import { createSecrets } from '../config/secrets.ts';
import type { Log } from '../core/ports.ts';
import type { SignedInAccounts } from '../core/signed-in-account.ts';
import type { ChainedBackend } from '../flows/chain.ts';
import { systemClock } from '../platform/clock.ts';
import { createSecretMarks } from '../platform/secret-marks.ts';
import { buildBackends } from './backends.ts';

interface CommandBackends extends AsyncDisposable {
  readonly backends: readonly ChainedBackend[];
}

/**
 * @param accounts as the broker has stored them: without them, nobody who signs in with a browser has an account
 * @throws what a backend throws that cannot be created
 */
export async function openCommandBackends(
  { backends: configured, stateDir }: Pick<BrokerConfig, 'backends' | 'stateDir'>,
  accounts: SignedInAccounts,
  log: Log,
): Promise<CommandBackends> {
  await using resources = new AsyncDisposableStack();
  const markSecret = createSecretMarks(stateDir);
  const deps = { clock: systemClock, log, secret: createSecrets(), markSecret, accounts };
  const backends = await buildBackends(configured, deps);
  for (const { authenticator } of backends) resources.use(authenticator);
  const opened = resources.move();
  return { backends, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}
