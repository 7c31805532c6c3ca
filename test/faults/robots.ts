/** Faults in robots: who they are, who creates their tokens, when those end, and what is recorded of a token. */
import type { Fault } from './fault.ts';

const POLICY = ['test/unit/core/policy/robots.test.ts'];
const TOKENS = ['test/unit/flows/robot-tokens.test.ts'];
const NAMES = ['test/unit/flows/robot-names.test.ts'];
const LINES = ['test/unit/platform/audit/token-lines.test.ts'];
const LINT = ['test/unit/core/policy/lint/robots.test.ts'];

export const faults: readonly Fault[] = [
  {
    id: 'robots-1',
    effect: 'a rule for any user is for robots, too',
    file: 'src/core/policy/who.ts',
    find: '(isRobotUsername(name) ? undefined : pattern.match(name))',
    replace: 'pattern.match(name)',
    tests: POLICY,
  },
  {
    id: 'robots-2',
    effect:
      'a user whose name a backend writes as Robot:web-ci logs in, and is taken for a robot where case is ignored',
    file: 'src/core/robot-name.ts',
    find: 'return /^robot ?:/.test(oneSpelling(name));',
    replace: "return name.startsWith('robot:');",
    tests: NAMES,
  },
  {
    id: 'robots-3',
    effect: 'a refresh token of an account that was renamed to robot:web-ci has the access of the robot',
    file: 'src/flows/revalidate.ts',
    find: 'const foreign = foreignName(backends, outcome.identity);',
    replace: 'const foreign: string | undefined = undefined;',
    tests: NAMES,
  },
  {
    id: 'robots-4',
    effect: 'anybody creates tokens of a robot',
    file: 'src/flows/personal-token/issue.ts',
    find: "const problem = owner.kind === 'robot' ? await deps.robots?.creationProblem(owner) : undefined;",
    replace: 'const problem: string | undefined = undefined;',
    tests: TOKENS,
  },
  {
    id: 'robots-5',
    effect: 'a robot of a user outlives the user',
    file: 'src/flows/personal-token/robot-owner.ts',
    find: "robot.ownedBy === 'users' ? await creatorProblem(robot, owner) : undefined",
    replace: 'undefined',
    tests: TOKENS,
  },
  {
    id: 'robots-6',
    effect: 'the tokens of a group end when the member leaves who created them, and every build stops',
    file: 'src/flows/personal-token/robot-owner.ts',
    find: "robot.ownedBy === 'users' ? await creatorProblem(robot, owner) : undefined",
    replace: 'await creatorProblem(robot, owner)',
    tests: TOKENS,
  },
  {
    id: 'robots-7',
    effect: 'the tokens of a robot that was removed from the configuration go on working',
    file: 'src/flows/personal-token/robot-owner.ts',
    find: 'if (robot === undefined) return { refusal: notConfigured(owner) };',
    replace: 'if (robot === undefined) return { identity: robotIdentity(owner.robot) };',
    tests: TOKENS,
  },
  {
    id: 'robots-8',
    effect: 'a caller who says that a robot is in a group is decided as if it were',
    file: 'src/core/policy/bindings.ts',
    find: 'if (isRobotUsername(identity.username)) return bindings;',
    replace: '',
    tests: POLICY,
  },
  {
    id: 'robots-9',
    effect: 'lint calls a rule for a robot superfluous next to one for any user, and its removal stops the builds',
    file: 'src/core/policy/asker.ts',
    find: "if (narrow.kind === 'everyone' || isRobots(wide) !== isRobots(narrow)) return false;",
    replace: "if (narrow.kind === 'everyone') return false;",
    tests: LINT,
  },
  {
    id: 'robots-10',
    effect: 'diff reports what a token was never granted, because it replays the line without the limits',
    file: 'src/core/policy/diff/difference.ts',
    find: 'before: decideFor(before, situation, asked)',
    replace:
      'before: decideFor(before, { ...situation, caller: { ...situation.caller, via: undefined } as never }, asked)',
    tests: LINES,
  },
  {
    id: 'robots-11',
    effect: 'a line whose limits were cut is judged as if the token had none',
    file: 'src/core/policy/diff/replay.ts',
    find: 'if (areLimitsMissing) return void (counts.withoutLimits += 1);',
    replace: '',
    tests: LINES,
  },
  {
    id: 'robots-12',
    effect: 'a token after the name of a robot in docker login is sent to a directory as a part of a password',
    file: 'src/http/token-request.ts',
    find: 'return { username: ROBOT_PREFIX + name, password: new Secret(token) };',
    replace: 'return { username, password: new Secret(password) };',
    tests: ['test/unit/http/credentials.test.ts'],
  },
  {
    id: 'robots-13',
    effect: 'to end everything of a user leaves the tokens of the robots that belong to the user',
    file: 'src/flows/personal-token/list.ts',
    find: 'return endsWithUser(owner.robot) && isChosenAccount(account, owner.createdBy);',
    replace: 'return false;',
    tests: ['test/unit/cli/robots.test.ts'],
  },
];
