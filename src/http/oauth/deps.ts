/** What the authorization server for the credential helper is given. */
import type { Clock } from '../../core/ports.ts';
import type { ApproveCode, DenyCode } from '../../flows/authorization-code/approve.ts';
import type { AnswerDevice } from '../../flows/device/answer.ts';
import type { RequestDevice } from '../../flows/device/request.ts';
import type { Service } from '../../flows/grant-token.ts';
import type { RevokeRefreshToken } from '../../flows/refresh-token/revoke-by-token.ts';

export interface OAuthDeps {
  /** Without a slash at its end. */
  readonly publicUrl: string;
  /** The services whose logins the helper can have: those with refresh tokens. */
  readonly services: ReadonlyMap<string, Service>;
  readonly approveCode: ApproveCode;
  readonly denyCode: DenyCode;
  readonly revoke: RevokeRefreshToken;
  /** Absent: programs without a browser are not served. */
  readonly device?: DeviceRoutesDeps;
  readonly clock: Clock;
}

export interface DeviceRoutesDeps {
  readonly request: RequestDevice;
  readonly answer: AnswerDevice;
  /** What happens when the program and the browser are in different networks. */
  readonly sameNetwork: 'warn' | 'require' | 'off';
}
