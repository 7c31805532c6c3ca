/** Tests that a policy carries with it: who asks for what, and what must be granted. */
import type { Action } from '../access.ts';
import { foldCase } from '../fold-case.ts';
import { groupName } from '../groups.ts';
import { username } from '../identity.ts';
import type { Caller } from '../identity.ts';
import { formatScope } from '../scope.ts';
import type { Scope } from '../scope.ts';
import { ANONYMOUS } from '../identity.ts';
import { decide } from './decide.ts';
import type { Policy } from './policy.ts';

export interface PolicyTest {
  /** Where the test stands, for the report. */
  readonly file: string;
  readonly line: number;
  /** The user who asks; undefined: anonymous. */
  readonly user: string | undefined;
  readonly groups: readonly string[];
  /** The service asked through; undefined: one that no rule names. */
  readonly service: string | undefined;
  /** The client's address; undefined: one that no rule names. */
  readonly client: string | undefined;
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
    const situation = { caller: callerFor(test), service: test.service ?? '', client: test.client ?? '' };
    const { granted } = decide(policy, situation, test.scope);
    const passed = new Set(granted).symmetricDifference(new Set(test.expect)).size === 0;
    return { test, passed, granted, summary: summarise(test, granted) };
  });
}

/**
 * A user as tests and `explain` make one up, without attributes.
 *
 * @param caseless whether names are as a directory gives them; default: as written
 */
export function imaginedCaller(user: string | undefined, groups: readonly string[], caseless = false): Caller {
  if (user === undefined) return ANONYMOUS;
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

function callerFor(test: PolicyTest): Caller {
  return imaginedCaller(test.user, test.groups);
}

function summarise(test: PolicyTest, granted: readonly Action[]): string {
  const who = test.user ?? 'anonymous';
  const groups = test.groups.length === 0 ? '' : ` in ${test.groups.join(', ')}`;
  return `${who}${groups} asks ${formatScope(test.scope)}: expected ${list(test.expect)}, granted ${list(granted)}`;
}

function list(actions: readonly string[]): string {
  return actions.length === 0 ? 'nothing' : actions.join(', ');
}
