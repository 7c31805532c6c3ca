/** The owner of a personal token: as a key, as an identity now, and as the fields of an audit event. */
import type { Identity } from '../../core/identity.ts';
import type { AccountOwner, TokenOwner } from '../../core/personal-token.ts';
import { ROBOTS_BACKEND, robotUsername } from '../../core/robot.ts';
import { revalidate } from '../revalidate.ts';
import type { RevalidateDeps } from '../revalidate.ts';
import type { IdentityOfOwner } from './deps.ts';
import type { RobotOwners } from './robot-owner.ts';

interface OwnerDeps extends RevalidateDeps {
  /** Absent: no robots are configured. */
  readonly robots?: Pick<RobotOwners, 'identityOf'>;
}

export function createIdentityOfOwner({ robots, ...deps }: OwnerDeps): IdentityOfOwner {
  return async (owner) => {
    if (owner.kind === 'account') return revalidate(deps, owner);
    return robots === undefined ? { refusal: `the robot ${owner.robot} is not configured` } : robots.identityOf(owner);
  };
}

/**
 * @param login the user name as typed at the login
 * @returns undefined when the backend has no id for the account, so that no token can be bound to it
 */
export function accountOwner({ backend, subject, username }: Identity, login: string): AccountOwner | undefined {
  return subject === undefined ? undefined : { kind: 'account', backend, subject, login, username };
}

/** Equal for all tokens of one owner. */
export function ownerKey(owner: TokenOwner): string {
  return JSON.stringify(owner.kind === 'robot' ? ['robot', owner.robot] : ['account', owner.backend, owner.subject]);
}

/** The user name that a policy knows the owner by, and the backend; for people and logs. */
export function ownerFields(owner: TokenOwner): { readonly username: string; readonly backend: string } {
  if (owner.kind === 'robot') return { username: robotUsername(owner.robot), backend: ROBOTS_BACKEND };
  return { username: owner.username, backend: owner.backend };
}
