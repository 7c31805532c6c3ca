/** The stored codes of logins that people allow in the browser. */
import { parseAuthorizationCode } from '../core/authorization-code.ts';
import type { AuthorizationCode } from '../core/authorization-code.ts';
import { parseDeviceRequest } from '../core/device-request.ts';
import type { DeviceRequest } from '../core/device-request.ts';
import type { Clock, ListableStore } from '../core/ports.ts';
import type { Records } from '../platform/store/records.ts';

export function codeStore(records: Pick<Records, 'store'>, clock: Clock): ListableStore<AuthorizationCode> {
  return records.store({ name: 'codes', clock, decode: parseAuthorizationCode });
}

export function deviceRequestStore(records: Pick<Records, 'store'>, clock: Clock): ListableStore<DeviceRequest> {
  return records.store({ name: 'device-requests', clock, decode: parseDeviceRequest });
}
