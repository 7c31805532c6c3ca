/**
 * The names of robots. As a user name, and in `users` of a policy, a robot is `robot:NAME`. Nobody else has such a name:
 * `foreignName` refuses users whose name begins so.
 */
import { oneSpelling } from './spelling.ts';

export const ROBOT_PREFIX = 'robot:';

const NAME = /^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/;
export const ROBOT_NAME_EXPECTED =
  'expected a name of 1 to 64 lower-case letters, digits, dots, underscores and hyphens that begins and ends with a letter or digit';

/** @param name without the prefix */
export function isRobotName(name: string): boolean {
  return NAME.test(name);
}

/** Whether a canonical user name is that of a robot. */
export function isRobotUsername(username: string): boolean {
  return username.startsWith(ROBOT_PREFIX);
}

/** The robots among user names, without their prefix, and the others. */
export function separateRobots(usernames: Iterable<string>) {
  const all = [...usernames];
  return {
    people: all.filter((name) => !isRobotUsername(name)),
    robots: all.filter(isRobotUsername).map((name) => name.slice(ROBOT_PREFIX.length)),
  };
}

/**
 * Whether a name begins with `robot:` in any spelling: in another case, with full-width letters or a full-width colon,
 * with invisible characters, or with spaces around.
 */
export function looksLikeRobot(name: string): boolean {
  // Nearly all names begin with another letter of ASCII, and policies may have ten thousand.
  if (/^[a-qs-z0-9*{]/i.test(name)) return false;
  return /^robot ?:/.test(oneSpelling(name));
}

/** @returns what is wrong with `robot:…` in the users of a policy; undefined: nothing */
export function robotPatternProblem(text: string): string | undefined {
  if (!looksLikeRobot(text)) return undefined;
  if (!isRobotUsername(text)) return `begins with ${ROBOT_PREFIX} in another spelling; write ${ROBOT_PREFIX}NAME`;
  const literals = text.slice(ROBOT_PREFIX.length).replaceAll(/\*|\{[^{}]*\}/g, '');
  if (/^[a-z0-9._-]*$/.test(literals) && text !== ROBOT_PREFIX) return undefined;
  return 'is the name of no robot; a name has lower-case letters, digits, dots, underscores and hyphens';
}
