/** Findings about a configured robot. Its owners are compared with the backends and with the rules. */
import type { Robot } from '../../robot.ts';
import { robotUsername } from '../../robot.ts';
import { askerCovers, askersOf } from '../asker.ts';
import { exceptionsOf } from '../condition.ts';
import type { Policy } from '../policy.ts';
import type { Rule } from '../rule.ts';
import type { Finding } from './finding.ts';
import type { Sources } from './sources.ts';

type RobotFinding = Omit<Finding, 'rule'>;

export function lintRobot(robot: Robot, policy: Policy, sources: Sources): readonly RobotFinding[] {
  return [...unused(robot, policy), ...unknownOwners(robot, sources), ...unusedOwners(robot, policy)];
}

function unused({ name }: Robot, { rules }: Policy): readonly RobotFinding[] {
  const user = robotUsername(name);
  const isNamed = rules.some(
    ({ effect, who }) => effect === 'allow' && who.users.some(({ exact }) => exact.match(user) !== undefined),
  );
  if (isNamed) return [];
  const message = `the robot "${name}" is allowed nothing by name, so that it gets what everyone gets`;
  const cure = `add a rule with users: ["${user}"], or remove the robot`;
  return [{ code: 'unused-robot', severity: 'hint', message, cure }];
}

/** Nobody creates tokens of a robot whose owner does not exist. */
function unknownOwners({ name, owner }: Robot, { groups, users }: Sources): readonly RobotFinding[] {
  const found = [
    ...owner.groups.filter((pair) => !groups.canBe(pair)).map(({ exact }) => ({ kind: 'group', reach: groups, exact })),
    ...owner.users.filter((pair) => !users.canBe(pair)).map(({ exact }) => ({ kind: 'user', reach: users, exact })),
  ] as const;
  return found.map(({ kind, reach, exact: { text } }) => {
    const similar = reach.like(text);
    const hint = similar === undefined ? '' : `; did you mean "${similar}"?`;
    const why = kind === 'group' ? 'which no backend can deliver' : 'whom no backend knows';
    const message = `the robot "${name}" belongs to the ${kind} "${text}", ${why}${hint}`;
    return {
      code: kind === 'group' ? 'no-such-group' : 'no-such-user',
      severity: 'warning',
      message,
      cure: 'correct the owner',
    };
  });
}

/** An owner group that no rule is for is perhaps misspelt: directories can deliver any group. */
function unusedOwners({ name, owner }: Robot, { rules }: Policy): readonly RobotFinding[] {
  return owner.groups
    .filter((pair) => !rules.some((rule) => namesGroup(rule, { kind: 'group', pair })))
    .map(({ exact: { text } }) => {
      const message = `the robot "${name}" belongs to the group "${text}", which no rule names`;
      return { code: 'unused-owner', severity: 'hint', message, cure: 'check the spelling of the group' };
    });
}

function namesGroup({ who, conditions }: Rule, group: Parameters<typeof askerCovers>[1]): boolean {
  return [...askersOf(who), ...exceptionsOf(conditions)].some(
    (asker) => asker.kind === 'group' && askerCovers(asker, group),
  );
}
