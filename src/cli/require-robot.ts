/** The robot that an option names. */
import { suggest } from '../config/suggest.ts';
import { robotNamed, robotUsername } from '../core/robot.ts';
import type { Robot, Robots } from '../core/robot.ts';
import { UsageError } from './command.ts';

/**
 * @param text its name, with `robot:` or without
 * @throws UsageError that says what is configured
 */
export function requireRobot(robots: Robots, text: string): Robot {
  const robot = robotNamed(robots, text);
  if (robot !== undefined) return robot;
  const known = [...robots.keys()].map((name): string => robotUsername(name));
  const meant = suggest(text, known) ?? suggest(text, [...robots.keys()]);
  const expected = known.length === 0 ? 'there are none under robots' : `expected one of ${known.join(', ')}`;
  const hint = meant === undefined ? '' : `; did you mean "${meant}"?`;
  throw new UsageError(`the robot "${text}" is not configured; ${expected}${hint}`);
}
