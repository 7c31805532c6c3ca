/** Robots as owners of personal tokens: who may create their tokens, and when a token still stands for its robot. */
import type { Identity } from '../../core/identity.ts';
import type { RobotOwner } from '../../core/personal-token.ts';
import { isOwner, ownerText, robotIdentity } from '../../core/robot.ts';
import type { Robot, Robots } from '../../core/robot.ts';
import { revalidate } from '../revalidate.ts';
import type { Revalidated, RevalidateDeps } from '../revalidate.ts';

interface RobotDeps extends RevalidateDeps {
  readonly robots: Robots;
}

export interface RobotOwners {
  /**
   * The robot as a caller, or why its token is refused. A robot of users ends with the user who created the token: the
   * account is looked up. A robot of groups does not depend on who created the token, so that it survives a leaver.
   *
   * @throws BrokerError `backend_unavailable` when the account cannot be looked up
   */
  identityOf(owner: RobotOwner): Promise<Revalidated>;
  /**
   * Why a user may not create a token of the robot: only its owners may, as they are now. Undefined: the user may.
   *
   * @throws BrokerError `backend_unavailable` when the account cannot be looked up
   */
  creationProblem(owner: RobotOwner): Promise<string | undefined>;
}

export function createRobotOwners({ robots, ...deps }: RobotDeps): RobotOwners {
  /** Why the user who created the token does not own the robot now. */
  async function creatorProblem(robot: Robot, { createdBy }: RobotOwner): Promise<string | undefined> {
    const { identity, refusal } = await revalidate(deps, createdBy);
    if (identity === undefined) return `${createdBy.username} at ${createdBy.backend}: ${refusal}`;
    return isOwner(robot, identity) ? undefined : notOwner(robot, identity);
  }

  return {
    identityOf: async (owner) => {
      const robot = robots.get(owner.robot);
      if (robot === undefined) return { refusal: notConfigured(owner) };
      const refusal = robot.ownedBy === 'users' ? await creatorProblem(robot, owner) : undefined;
      return refusal === undefined ? { identity: robotIdentity(robot.name) } : { refusal };
    },
    creationProblem: async (owner) => {
      const robot = robots.get(owner.robot);
      return robot === undefined ? notConfigured(owner) : creatorProblem(robot, owner);
    },
  };
}

function notConfigured({ robot }: RobotOwner): string {
  return `the robot ${robot} is not configured`;
}

function notOwner(robot: Robot, { username }: Identity): string {
  return `${username} does not own the robot ${robot.name}, which belongs to ${ownerText(robot)}`;
}
