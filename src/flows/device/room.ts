/** Room for requests, which nobody has to sign in to make. */
import { identifiesClient, networksOf } from '../../core/client-network.ts';
import { MAX_OPEN, MAX_OPEN_OF_NETWORK } from '../../core/device-request.ts';
import type { DeviceRequest } from '../../core/device-request.ts';
import { BrokerError } from '../../core/errors.ts';
import type { Entry } from '../../core/store.ts';
import type { DeviceDeps } from './deps.ts';

interface OpenRequest extends Entry<DeviceRequest> {
  /** The names of the networks of the program, the narrowest first. */
  readonly networks: readonly string[];
}

/**
 * Where all requests are taken, the oldest of the widest network with the most gives way: a flood from few networks
 * displaces its own requests.
 *
 * @throws BrokerError `too_many_codes`: the networks of the client have as many as they may have
 */
export async function makeRoom({ requests, clock }: DeviceDeps, client: string): Promise<void> {
  const now = clock.now();
  const open = (await requests.list())
    .filter(({ value }) => value.state === 'pending' && value.expiresAt > now)
    .map((entry): OpenRequest => ({ ...entry, networks: networkNames(entry.value.client) }));
  requireShare(open, client);
  if (open.length < MAX_OPEN) return;

  const crowd = largestCrowd(open);
  const own = networkNames(client).at(-1);
  if (crowd.every(({ networks }) => networks.at(-1) !== own)) {
    for (const { key, value } of crowd.toSorted((a, b) => a.value.expiresAt - b.value.expiresAt)) {
      // One that is answered at this moment stays.
      if ((await requests.replaceIf(key, value, { ...value, expiresAt: now }, 1)) === 'replaced') return;
    }
  }
  throw new BrokerError('too_many_codes', `${open.length} requests are open`);
}

function requireShare(open: readonly OpenRequest[], client: string): void {
  // Behind a proxy that does not report addresses, all programs have the same one.
  if (!identifiesClient(client)) return;
  for (const { name, share } of networksOf(client)) {
    const own = open.filter(({ networks }) => networks.includes(name)).length;
    if (own < MAX_OPEN_OF_NETWORK * share) continue;
    throw new BrokerError('too_many_codes', `${own} requests of ${name} are open`);
  }
}

function largestCrowd(open: readonly OpenRequest[]): readonly OpenRequest[] {
  const crowds = Map.groupBy(open, ({ networks }) => networks.at(-1));
  return [...crowds.values()].reduce((largest, crowd) => (crowd.length > largest.length ? crowd : largest), []);
}

function networkNames(client: string): readonly string[] {
  return networksOf(client).map(({ name }) => name);
}
