/** Limits how many requests are open: nobody has to sign in to make one. */
import { identifiesClient, networksOf } from '../../core/client-network.ts';
import { MAX_OPEN, MAX_OPEN_OF_NETWORK } from '../../core/device-request.ts';
import { BrokerError } from '../../core/errors.ts';
import type { DeviceDeps } from './deps.ts';
import type { OpenRequests } from './open-requests.ts';

/**
 * Where all requests are taken, the oldest of the widest network with the most gives way: a flood from few networks
 * displaces its own requests.
 *
 * @throws BrokerError `too_many_codes`: the networks of the client have as many as they may have
 */
export async function makeRoom(deps: Pick<DeviceDeps, 'requests' | 'clock'>, client: string): Promise<void> {
  const open = await deps.requests.open();
  requireShare(open, client);
  if (open.count() < MAX_OPEN) return;

  const crowd = open.largestCrowd();
  const own = networksOf(client).at(-1)?.name;
  if (crowd !== undefined && crowd.network !== own) {
    for (const key of crowd.keys) if (await displace(key, deps)) return;
  }
  throw new BrokerError('too_many_codes', `${open.count()} requests are open`);
}

function requireShare(open: OpenRequests, client: string): void {
  // Behind a proxy that does not report addresses, all programs have the same one.
  if (!identifiesClient(client)) return;
  for (const { name, share } of networksOf(client)) {
    const own = open.countOf(name);
    if (own < MAX_OPEN_OF_NETWORK * share) continue;
    throw new BrokerError('too_many_codes', `${own} requests of ${name} are open`);
  }
}

/** @returns whether the request is not open any more. One that is answered at this moment stays. */
async function displace(key: string, { requests, clock }: Pick<DeviceDeps, 'requests' | 'clock'>): Promise<boolean> {
  const value = await requests.get(key);
  // Another broker has ended it, and with `get` it is not counted any more.
  if (value?.state !== 'pending') return true;
  const now = clock.now();
  return (await requests.replaceIf(key, value, { ...value, expiresAt: now }, 1)) === 'replaced';
}
