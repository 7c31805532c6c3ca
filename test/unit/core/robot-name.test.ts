/** Which names are those of robots, and which only look like one. */
import { describe, expect, it } from 'vitest';
import { ROBOT_SPELLINGS } from '../../support/robot-spellings.ts';
import { isRobotName, looksLikeRobot, robotPatternProblem, separateRobots } from '../../../src/core/robot-name.ts';

describe('the name of a robot', () => {
  it.each(['a', 'web-ci', 'team_1.build', '0', `a${'b'.repeat(62)}c`])('may be %s', (name) => {
    expect(isRobotName(name)).toBe(true);
  });

  it.each(['', 'Web', '-a', 'a-', '.a', 'a b', 'a:b', 'a/b', 'a*', '{a}', 'ä', 'a\n', `a${'b'.repeat(63)}c`])(
    'may not be %j',
    (name) => {
      expect(isRobotName(name)).toBe(false);
    },
  );
});

describe('a name that begins with robot: in some spelling', () => {
  it.each(ROBOT_SPELLINGS)('is recognized: %j', (name) => {
    expect(looksLikeRobot(name)).toBe(true);
  });

  it.each(['robot', 'robots', 'robotics:web', 'my-robot:web', 'alice', 'github:123', ':robot:'])(
    'is not a name such as %j',
    (name) => {
      expect(looksLikeRobot(name)).toBe(false);
    },
  );

  it.each(['robot:web-ci', 'robot:*', 'robot:{team}-ci', 'robot:web.*'])('may be a pattern of a rule: %s', (text) => {
    expect(robotPatternProblem(text)).toBe(undefined);
  });

  it.each([
    ['Robot:web', 'begins with robot: in another spelling; write robot:NAME'],
    ['ｒobot:*', 'begins with robot: in another spelling; write robot:NAME'],
    ['robot:Web', 'is the name of no robot; a name has lower-case letters, digits, dots, underscores and hyphens'],
    ['robot:', 'is the name of no robot; a name has lower-case letters, digits, dots, underscores and hyphens'],
    ['robot:a b', 'is the name of no robot; a name has lower-case letters, digits, dots, underscores and hyphens'],
  ])('is no pattern of a rule when no robot can match it: %s', (text, problem) => {
    expect(robotPatternProblem(text)).toBe(problem);
  });
});

it('robots are separated from the other users, and lose their prefix', () => {
  expect(separateRobots(['alice', 'robot:web-ci', 'robotics'])).toEqual({
    people: ['alice', 'robotics'],
    robots: ['web-ci'],
  });
});
