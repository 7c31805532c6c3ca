/** What `check` says about the shared store: its keys, and on request the store itself. */
import type { BrokerConfig } from '../config/broker-schema.ts';
import { isLocalName } from '../config/listen-address.ts';
import { describeError } from '../core/errors.ts';
import type { Step } from '../core/ports.ts';
import { systemClock } from '../platform/clock.ts';
import { failed, passed, warning } from '../platform/store-steps.ts';
import type { ValkeyClient } from '../platform/valkey/client.ts';
import { fleetKeys, storeAddress } from './open-shared.ts';

type CheckedConfig = Pick<BrokerConfig, 'shared' | 'shield'>;

const CONNECT_MS = 3000;

/** Reads the fleet keys and the files of the connection. @throws Error that names the file, and what is wrong with it */
export async function checkFleetFiles({ shared }: CheckedConfig): Promise<void> {
  if (shared === undefined) return;
  await storeAddress(shared.valkey);
  const { createFleetKeys } = await import('../platform/valkey/fleet-keys.ts');
  try {
    createFleetKeys(await fleetKeys(shared));
  } catch (error) {
    const files = [shared.keyFile, shared.previousKeyFile].flatMap((file) => (file === undefined ? [] : [file.path]));
    throw new Error(`${files.join(', ')}: ${describeError(error)}`, { cause: error });
  }
}

/** Connects to the store and inspects it. Never throws. */
export async function inspectShared(config: CheckedConfig): Promise<readonly Step[]> {
  const { shared } = config;
  if (shared === undefined) return [];
  const { openClient } = await import('../platform/valkey/client.ts');
  const { inspectStore } = await import('../platform/valkey/inspect.ts');
  const { explainRefusal } = await import('../platform/valkey/refusal.ts');
  try {
    const address = await storeAddress(shared.valkey);
    await using client = await openClient(address, { silenceMs: CONNECT_MS, replyMs: CONNECT_MS });
    const problem = await client.connected(CONNECT_MS);
    if (problem !== undefined) return [failed(`shared store: cannot be used: ${problem}`)];
    const nodes = [...address.addresses, ...(address.sentinel?.addresses ?? [])];
    const steps = await inspectStore(
      client,
      nodes.every(({ isTls, host }) => isTls || isLocalName(host)),
    );
    const brokers = await brokersStep(client, config);
    return [...steps, ...brokers].map((step) => ({ ...step, text: `shared store: ${step.text}` }));
  } catch (error) {
    return [failed(`shared store: ${explainRefusal(describeError(error))}`)];
  }
}

/** The share of a limit is one attempt at least. */
async function brokersStep(client: ValkeyClient, { shared, shield }: CheckedConfig): Promise<readonly Step[]> {
  const { createEpochView } = await import('../platform/valkey/epoch-view.ts');
  const { createFleetKeys } = await import('../platform/valkey/fleet-keys.ts');
  const { listMembers } = await import('../platform/valkey/fleet.ts');
  if (shared === undefined) return [];
  const ignore = (): void => undefined;
  const epochs = createEpochView({ run: client.run, onEnd: ignore, onNewer: ignore, clock: systemClock });
  const keys = createFleetKeys(await fleetKeys(shared));
  const { members, unreadable } = await listMembers(epochs, keys, systemClock);
  if (unreadable > 0) return [otherKeyStep(unreadable)];
  const count = members.length;
  const { max } = shield.wrongPasswords;
  const text = `${count} broker${count === 1 ? ' uses' : 's use'} it`;
  if (shared.whenDown === 'refuse' || max === 0 || count <= max) return [passed(text)];
  return [
    warning(
      `${text}, more than shield.wrongPasswords.max (${max}): while the store is down, each allows one wrong password`,
    ),
  ];
}

function otherKeyStep(brokers: number): Step {
  const who = brokers === 1 ? '1 broker uses' : `${brokers} brokers use`;
  return failed(
    `${who} it with a fleet key that is not in shared.keyFile or shared.previousKeyFile: give all brokers the same key`,
  );
}
