/** The section `robots`: the callers that belong to no person, and who owns each. */
import { z } from 'zod';
import { compileWho } from '../core/policy/who.ts';
import { isRobotName, looksLikeRobot, ROBOT_NAME_EXPECTED } from '../core/robot-name.ts';
import type { Robot, Robots } from '../core/robot.ts';

const ownerName = z
  .string()
  .min(1)
  .max(1024)
  // A pattern would make owners of users whom nobody thought of.
  .refine((text) => !/[*{}]/.test(text), { error: 'expected a name without *, { and }' });

const owner = z
  .strictObject({
    groups: z.array(ownerName).min(1).optional().meta({
      description:
        'Groups, by names or DNs as rules have them. Each member creates and revokes tokens of the robot. The tokens of a member who leaves stay valid.',
    }),
    users: z
      .array(ownerName.refine((text) => !looksLikeRobot(text), { error: 'expected users: a robot owns no robot' }))
      .min(1)
      .optional()
      .meta({
        description:
          'Users, by name. Each creates and revokes tokens of the robot. A token ends with the account of the user who created it.',
      }),
  })
  .superRefine(({ groups, users }, context) => {
    if ((groups === undefined) !== (users === undefined)) return;
    const message = `expected one of groups and users, found ${groups === undefined ? 'none' : 'both'}`;
    context.addIssue({ code: 'custom', message, input: undefined });
  });

const robot = z.strictObject({
  owner: owner.meta({ description: 'Who creates and revokes the tokens of the robot: either `groups` or `users`' }),
  about: z
    .string()
    .max(200)
    .optional()
    .meta({ description: 'What the robot is for, for those who read lists of them' }),
});

export const robots = z
  .record(z.string().refine(isRobotName, { error: ROBOT_NAME_EXPECTED }).meta({ description: 'The name' }), robot)
  .optional()
  .meta({
    description:
      'Callers that belong to no person, such as a build server, by name. A rule names one as `users: ["robot:NAME"]`. Without its entry here, no token of a robot is accepted. Default: none.',
  });

type RobotsFile = z.output<typeof robots>;

/** The robots by name, with their owners in the form that is compared with users. */
export function robotsOf(written: RobotsFile): Robots {
  return new Map(Object.entries(written ?? {}).map(([name, entry]) => [name, robotOf(name, entry)]));
}

function robotOf(
  name: string,
  { owner: { groups = [], users = [] }, about = '' }: NonNullable<RobotsFile>[string],
): Robot {
  const owners = compileWho({ groups, users, everyone: false }, (_path, problem) => {
    // The schema accepts no text that is not a name.
    throw new Error(`robot ${name}: ${problem}`);
  });
  return { name, about, ownedBy: groups.length > 0 ? 'groups' : 'users', owner: owners };
}
