/** Tests that are part of a policy file: who asks for what, and what must be granted. */
import type { Action } from '../access.ts';
import { foldCase } from '../fold-case.ts';
import { groupName } from '../groups.ts';
import { ANONYMOUS, username } from '../identity.ts';
import type { Caller } from '../identity.ts';
import { isRobotUsername, ROBOT_PREFIX } from '../robot-name.ts';
import { robotIdentity } from '../robot.ts';
import { formatScope } from '../scope.ts';
import type { Scope } from '../scope.ts';
import { decide } from './decide.ts';
import type { Policy } from './policy.ts';
import { DEFAULT_TIME } from './situation.ts';
import type { Situation } from './situation.ts';

export interface PolicyTest {
  /** The position of the test, for the report. */
  readonly file: string;
  readonly line: number;
  /** The user who asks; undefined: anonymous. */
  readonly user: string | undefined;
  readonly groups: readonly string[];
  /** The service asked through; undefined: one that no rule names. */
  readonly service: string | undefined;
  /** The client's address; undefined: one that no rule names. */
  readonly client: string | undefined;
  /** The time of the request, in seconds since 1970-01-01T00:00:00Z; undefined: that moment itself. */
  readonly time: number | undefined;
  readonly scope: Scope;
  readonly expect: readonly Action[];
}

export interface PolicyTestResult {
  readonly test: PolicyTest;
  readonly passed: boolean;
  readonly granted: readonly Action[];
  /** One sentence that says who asked, what was expected and what was granted. */
  readonly summary: string;
}

export function runPolicyTests(policy: Policy, tests: readonly PolicyTest[]): readonly PolicyTestResult[] {
  return tests.map((test) => {
    const situation: Situation = {
      caller: imaginedCaller(test.user, test.groups),
      service: test.service ?? '',
      client: test.client ?? '',
      time: test.time ?? DEFAULT_TIME,
    };
    const { granted } = decide(policy, situation, test.scope);
    const passed = new Set(granted).symmetricDifference(new Set(test.expect)).size === 0;
    return { test, passed, granted, summary: summarise(test, granted) };
  });
}

/**
 * A caller without attributes, as policy tests and `explain` need one. `robot:NAME` is a robot, which has no groups.
 *
 * @param caseless whether names are folded, as those of a directory are
 */
export function imaginedCaller(user: string | undefined, groups: readonly string[], caseless = false): Caller {
  if (user === undefined) return ANONYMOUS;
  if (isRobotUsername(user)) return { kind: 'user', identity: robotIdentity(user.slice(ROBOT_PREFIX.length)) };
  return {
    kind: 'user',
    identity: {
      username: username(caseless ? foldCase(user) : user),
      groups: new Set(groups.map((group) => groupName(group, { lowercase: caseless }))),
      backend: '',
      caseless,
      attributes: new Map(),
    },
  };
}

function summarise(test: PolicyTest, granted: readonly Action[]): string {
  const who = test.user ?? 'anonymous';
  const groups = test.groups.length === 0 ? '' : ` in ${test.groups.join(', ')}`;
  return `${who}${groups} asks ${formatScope(test.scope)}: expected ${list(test.expect)}, granted ${list(granted)}`;
}

function list(actions: readonly string[]): string {
  return actions.length === 0 ? 'nothing' : actions.join(', ');
}
