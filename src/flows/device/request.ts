/** Opens a request of a program without a browser. */
import { HELPER_CLIENT } from '../../core/approval.ts';
import { identifiesClient, networksOf } from '../../core/client-network.ts';
import { DEVICE_SECONDS, MAX_OPEN, MAX_OPEN_OF_NETWORK, POLL_SECONDS } from '../../core/device-request.ts';
import { BrokerError } from '../../core/errors.ts';
import type { RequestContext } from '../../core/events.ts';
import { Secret } from '../../core/identity.ts';
import { helperEvent } from '../approval.ts';
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
  return async (service, request) => {
    await requireRoom(deps, request.client);
    const userCode = await unusedCode(deps);
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
    await deps.requests.put(requestKey(deps, userCode), record, DEVICE_SECONDS);
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
