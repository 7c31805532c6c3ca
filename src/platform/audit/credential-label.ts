/** By which kind of credential requests come, for a metric: kinds are few, names are not. */
import type { ErrorCode } from '../../core/errors.ts';
import type { Caller } from '../../core/identity.ts';
import { isRobotUsername } from '../../core/robot-name.ts';

type CredentialLabel =
  | 'anonymous'
  | 'password'
  | 'id-token'
  | 'refresh-token'
  | 'personal-token'
  | 'robot-token'
  | 'session';

export function credentialLabel(caller: Caller): CredentialLabel {
  if (caller.kind === 'anonymous') return 'anonymous';
  const { identity, via } = caller;
  if (via !== undefined) return isRobotUsername(identity.username) ? 'robot-token' : via.kind;
  return identity.notAfter === undefined ? 'password' : 'id-token';
}

/**
 * The credential that an error refuses; undefined: the error is about something else, such as an outage. Whose a refused
 * personal token was is not always known, so that those of robots count as personal tokens.
 */
export function refusedCredential(code: string): CredentialLabel | undefined {
  return REFUSED.get(code);
}

const REFUSED: ReadonlyMap<string, CredentialLabel> = new Map<ErrorCode, CredentialLabel>([
  ['login_required', 'anonymous'],
  ['invalid_credentials', 'password'],
  ['password_not_accepted', 'password'],
  ['empty_password', 'password'],
  ['second_factor_required', 'password'],
  ['too_many_attempts', 'password'],
  ['token_refused', 'id-token'],
  ['refresh_token_refused', 'refresh-token'],
  ['damaged_token', 'personal-token'],
  ['personal_token_refused', 'personal-token'],
  ['too_many_bad_tokens', 'personal-token'],
]);
