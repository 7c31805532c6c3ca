/** The findings of lint with their positions in the file, and findings that only the file shows. */
import type { Finding, FindingCode } from '../core/policy/lint/finding.ts';
import { lintPolicy } from '../core/policy/lint/lint.ts';
import { lintRobot } from '../core/policy/lint/robots.ts';
import type { Sources } from '../core/policy/lint/sources.ts';
import type { Invariant } from '../core/policy/invariants.ts';
import type { Policy } from '../core/policy/policy.ts';
import type { Robot } from '../core/robot.ts';
import { readPolicy } from './load-policy.ts';
import type { ReadPolicy } from './load-policy.ts';
import type { Path } from './problems.ts';
import { unknownServices } from './unknown-services.ts';

export interface PlacedFinding {
  readonly code: FindingCode;
  readonly severity: Finding['severity'];
  readonly file: string;
  readonly line: number;
  /** The name of the rule; empty: the finding is not about a rule. */
  readonly rule: string;
  readonly message: string;
  readonly cure: string;
}

type PlacedGap = Pick<PlacedFinding, 'file' | 'line' | 'rule' | 'message'>;

export interface LintedPolicy {
  readonly policy: Policy;
  readonly invariants: readonly Invariant[];
  readonly findings: readonly PlacedFinding[];
  /** What was not examined to the end. */
  readonly gaps: readonly PlacedGap[];
}

/** What the configuration of the broker says. */
interface KnownNames {
  readonly sources: Sources;
  /** The names of the configured services. */
  readonly services: readonly string[];
  /** The configured robots, each with its position. */
  readonly robots?: readonly PlacedRobot[];
}

interface PlacedRobot {
  readonly robot: Robot;
  readonly file: string;
  readonly line: number;
}

/**
 * @param known undefined: the broker is not known
 * @throws ConfigError with every problem of the file
 */
export async function lintFile(path: string, known?: KnownNames): Promise<LintedPolicy> {
  return lintRead(await readPolicy(path), known);
}

/** The same of a policy that has been read. */
export function lintRead(read: ReadPolicy, known?: KnownNames): LintedPolicy {
  const { findings, gaps } = lintPolicy(read.policy, known?.sources);
  const placed = [
    ...findings.map(({ rule, ...finding }) => ({ ...finding, file: rule.file, line: rule.line, rule: rule.name })),
    ...(known === undefined ? [] : wrongServices(read, known.services)),
    ...untested(read),
    ...unusedRoles(read),
  ];
  return {
    policy: read.policy,
    invariants: read.invariants,
    findings: [
      ...placed.toSorted((a, b) => a.line - b.line),
      ...(known === undefined ? [] : robotFindings(read.policy, known)),
    ],
    gaps: gaps.map(({ rule, message }) =>
      rule === undefined
        ? { ...placeOf(read, []), message }
        : { file: rule.file, line: rule.line, rule: rule.name, message },
    ),
  };
}

function wrongServices(read: ReadPolicy, services: readonly string[]): readonly PlacedFinding[] {
  return unknownServices(read, services).map(({ path, message, isCertain, ruleIndex }) => ({
    code: 'no-such-service',
    severity: isCertain ? 'warning' : 'hint',
    ...placeOf(read, path),
    rule: ruleIndex === undefined ? '' : (read.policy.rules[ruleIndex]?.name ?? ''),
    message: ruleIndex === undefined ? `a test ${message}` : message,
    cure: 'correct the name, or configure the service in broker.yaml',
  }));
}

/** What is wrong with the configured robots, as far as the policy and the backends show it. */
function robotFindings(policy: Policy, { robots = [], sources }: KnownNames): readonly PlacedFinding[] {
  return robots.flatMap(({ robot, file, line }) =>
    lintRobot(robot, policy, sources).map((finding) => ({ ...finding, file, line, rule: '' })),
  );
}

function unusedRoles(read: ReadPolicy): readonly PlacedFinding[] {
  const used = new Set(read.file.rules.flatMap(({ allow = [], deny = [] }) => [...allow, ...deny]));
  return Object.keys(read.file.roles)
    .filter((name) => !used.has(name))
    .map((name) => ({
      code: 'unused-role',
      severity: 'hint',
      ...placeOf(read, ['roles', name]),
      message: `the role "${name}" is used by no rule`,
      cure: 'remove it, or correct the rule that means it',
    }));
}

function untested(read: ReadPolicy): readonly PlacedFinding[] {
  if (read.file.tests.length > 0 || read.file.rules.length === 0) return [];
  const message = 'has no tests: nothing detects a change that grants too much or too little';
  return [
    { code: 'no-tests', severity: 'hint', ...placeOf(read, []), message, cure: 'add tests: (see `fairlead test`)' },
  ];
}

function placeOf({ yaml }: ReadPolicy, path: Path) {
  return { file: yaml.file, line: yaml.line(path), rule: '' };
}
