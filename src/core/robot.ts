/**
 * Robots: callers that belong to no person, such as a build server. The configuration names each robot and its owner. A
 * robot has no password and no groups; it authenticates by personal tokens that its owners create.
 */
import { username } from './identity.ts';
import type { Identity, Username } from './identity.ts';
import { bindingsFor } from './policy/bindings.ts';
import type { CompiledWho } from './policy/who.ts';
import { isRobotUsername, ROBOT_PREFIX } from './robot-name.ts';

/** `Identity.backend` of a robot. No configured backend has this name where robots are configured. */
export const ROBOTS_BACKEND = 'robots';

/** A configured robot. */
export interface Robot {
  /** Without the prefix: `web-ci`. */
  readonly name: string;
  /** What it is for, as the operator wrote it; empty: not said. */
  readonly about: string;
  /**
   * Who creates and revokes its tokens. A robot of groups survives when a member leaves. A token of a robot of users ends
   * with the user who created it.
   */
  readonly ownedBy: 'groups' | 'users';
  readonly owner: CompiledWho;
}

export type Robots = ReadonlyMap<string, Robot>;

export function robotUsername(name: string): Username {
  return username(ROBOT_PREFIX + name);
}

/** The robot as a caller. It is in no group and has no attributes, so that only rules that name it are for it alone. */
export function robotIdentity(name: string): Identity {
  return {
    username: robotUsername(name),
    groups: new Set(),
    backend: ROBOTS_BACKEND,
    caseless: false,
    attributes: new Map(),
  };
}

/** Whether a user owns the robot. A robot owns none. */
export function isOwner({ owner }: Robot, identity: Identity): boolean {
  return !isRobotUsername(identity.username) && bindingsFor(owner, { kind: 'user', identity }).length > 0;
}

/** The robot of a name as an operator writes it, with the prefix or without. */
export function robotNamed(robots: Robots, text: string): Robot | undefined {
  return robots.get(text.startsWith(ROBOT_PREFIX) ? text.slice(ROBOT_PREFIX.length) : text);
}

/** The names of the owner, as written: `group team-web`, `user alice`. */
export function ownerText({ owner, ownedBy }: Robot): string {
  return owner[ownedBy].map(({ exact }) => `${ownedBy === 'groups' ? 'group' : 'user'} ${exact.text}`).join(', ');
}
