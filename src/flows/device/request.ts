/** Opens a request of a program without a browser. */
import { HELPER_CLIENT } from '../../core/approval.ts';
import { identifiesClient, networksOf } from '../../core/client-network.ts';
import { DEVICE_SECONDS, MAX_OPEN, MAX_OPEN_OF_NETWORK, POLL_SECONDS } from '../../core/device-request.ts';
import { BrokerError } from '../../core/errors.ts';
import type { RequestContext } from '../../core/events.ts';
import { Secret } from '../../core/identity.ts';
import { helperEvent } from '../approval.ts';
import { createOneAtATime } from './one-at-a-time.ts';
import { requestKey } from './deps.ts';
import type { DeviceDeps } from './deps.ts';

export interface OpenedRequest {
  readonly deviceCode: Secret;
  readonly userCode: string;
  /** Seconds. */
  readonly lifetime: number;
  readonly interval: number;
}

/** @throws BrokerError `too_many_codes` or `records_unavailable` */
export type RequestDevice = (service: string, request: RequestContext) => Promise<OpenedRequest>;

export function createRequestDevice(deps: DeviceDeps): RequestDevice {
  const oneAtATime = createOneAtATime();
  return async (service, request) => {
    const secret = deps.secrets.make();
    const record = {
      state: 'pending',
      secretDigest: deps.secrets.digest(secret),
      clientId: HELPER_CLIENT,
      service,
      client: request.client,
      expiresAt: deps.clock.now() + DEVICE_SECONDS,
      interval: POLL_SECONDS,
      polledAt: 0,
    } as const;
    // Requests that come at the same time must each see the others, or there is room for all of them.
    const userCode = await oneAtATime(['requests'], async () => {
      await requireRoom(deps, request.client);
      const code = await unusedCode(deps);
      await deps.requests.put(requestKey(deps, code), record, DEVICE_SECONDS);
      return code;
    });
    deps.audit.record(helperEvent(request, { method: 'device', outcome: 'asked', service }));
    const deviceCode = new Secret(`${userCode}.${secret.reveal()}`);
    return { deviceCode, userCode, lifetime: DEVICE_SECONDS, interval: POLL_SECONDS };
  };
}

/** Those that are open stay: one more is refused. */
async function requireRoom({ requests, clock }: DeviceDeps, client: string): Promise<void> {
  const now = clock.now();
  const open = (await requests.list()).filter(({ value }) => value.state === 'pending' && value.expiresAt > now);
  if (open.length >= MAX_OPEN) throw new BrokerError('too_many_codes', `${open.length} requests are open`);
  // Behind a proxy that does not report addresses, all programs have the same one.
  if (!identifiesClient(client)) return;
  const [{ name }] = networksOf(client);
  const own = open.filter(({ value }) => networksOf(value.client)[0].name === name).length;
  if (own >= MAX_OPEN_OF_NETWORK) throw new BrokerError('too_many_codes', `${own} requests of ${name} are open`);
}

/** With a thousand open requests, one code in 25 million is taken. */
async function unusedCode(deps: DeviceDeps): Promise<string> {
  for (;;) {
    const code = deps.secrets.makeUserCode();
    if ((await deps.requests.get(requestKey(deps, code))) === undefined) return code;
  }
}
