/** Opens a request of a program without a browser. */
import { HELPER_CLIENT } from '../../core/approval.ts';
import { DEVICE_SECONDS, POLL_SECONDS } from '../../core/device-request.ts';
import type { RequestContext } from '../../core/events.ts';
import { Secret } from '../../core/identity.ts';
import { helperEvent } from '../approval.ts';
import { createOneAtATime } from './one-at-a-time.ts';
import { requestKey } from './deps.ts';
import type { DeviceDeps } from './deps.ts';
import { makeRoom } from './room.ts';

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
      await makeRoom(deps, request.client);
      const code = await unusedCode(deps);
      await deps.requests.put(requestKey(deps, code), record, DEVICE_SECONDS);
      return code;
    });
    deps.audit.record(helperEvent(request, { method: 'device', outcome: 'asked', service }));
    const deviceCode = new Secret(`${userCode}.${secret.reveal()}`);
    return { deviceCode, userCode, lifetime: DEVICE_SECONDS, interval: POLL_SECONDS };
  };
}

/** With a thousand open requests, one code in 25 million is taken. */
async function unusedCode(deps: DeviceDeps): Promise<string> {
  for (;;) {
    const code = deps.secrets.makeUserCode();
    if ((await deps.requests.get(requestKey(deps, code))) === undefined) return code;
  }
}
