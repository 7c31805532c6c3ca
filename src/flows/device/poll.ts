/** A program without a browser asks whether its request was answered (RFC 8628, section 3.5). */
import { parseDeviceCode, POLL_SECONDS } from '../../core/device-request.ts';
import type { DeviceRequest } from '../../core/device-request.ts';
import { BrokerError } from '../../core/errors.ts';
import type { RequestContext } from '../../core/events.ts';
import type { Secret } from '../../core/identity.ts';
import { helperEvent, loginOf } from '../approval.ts';
import type { ApprovedLogin } from '../approval.ts';
import { requestKey } from './deps.ts';
import type { DeviceDeps } from './deps.ts';

interface DevicePoll {
  readonly deviceCode: Secret;
  readonly clientId: string;
  readonly service: string;
}

/**
 * @throws BrokerError `authorization_pending`, `polled_too_often`, `device_code_expired`, `access_denied`, `code_refused`,
 *   `backend_unavailable` or `records_unavailable`
 */
export type PollDevice = (poll: DevicePoll, request: RequestContext) => Promise<ApprovedLogin>;

export function createPollDevice(deps: DeviceDeps): PollDevice {
  return async ({ deviceCode, clientId, service }, request) => {
    const code = parseDeviceCode(deviceCode.reveal());
    if (code === undefined) throw new BrokerError('code_refused', 'it does not have the form of a device code');
    const key = requestKey(deps, code.userCode);
    const record = await deps.requests.get(key);
    // The same answer to a guess: it does not show which user codes are open.
    if (record === undefined || record.secretDigest !== deps.secrets.digest(code.secret))
      throw new BrokerError('device_code_expired', 'no such request, or it has ended');
    if (record.clientId !== clientId || record.service !== service)
      throw new BrokerError('code_refused', 'the request is of another client, or for another service');
    if (record.expiresAt <= deps.clock.now()) throw new BrokerError('device_code_expired', 'the request has expired');
    return resultOf(deps, key, record, request);
  };
}

async function resultOf(
  deps: DeviceDeps,
  key: string,
  record: DeviceRequest,
  request: RequestContext,
): Promise<ApprovedLogin> {
  switch (record.state) {
    case 'pending':
      throw await pending(deps, key, record);
    case 'denied':
      throw new BrokerError('access_denied', 'the person has said no');
    case 'used':
      throw new BrokerError('code_refused', 'the device code was used before');
    case 'approved': {
      const rest = record.expiresAt - deps.clock.now();
      // INVARIANT: of several polls, at all brokers together, one gets the login.
      const answer = await deps.requests.replaceIf(key, record, { ...record, state: 'used' }, rest);
      if (answer !== 'replaced' || record.account === undefined)
        throw new BrokerError('code_refused', 'the device code was just used');
      const login = await loginOf(deps, record.account);
      const { username, backend } = record.account;
      const about = { method: 'device', service: record.service, username, backend } as const;
      deps.audit.record(helperEvent(request, { ...about, outcome: 'redeemed' }));
      return login;
    }
  }
}

async function pending(deps: DeviceDeps, key: string, record: DeviceRequest): Promise<BrokerError> {
  const now = deps.clock.now();
  const isEarly = now - record.polledAt < record.interval;
  const interval = isEarly ? record.interval + POLL_SECONDS : record.interval;
  // A poll that loses against another one, or against the answer of the person, changes nothing.
  await deps.requests.replaceIf(key, record, { ...record, interval, polledAt: now }, record.expiresAt - now);
  return isEarly
    ? new BrokerError('polled_too_often', `polled again after ${now - record.polledAt} seconds`)
    : new BrokerError('authorization_pending', 'nobody has answered yet');
}
