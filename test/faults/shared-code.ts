/** Faults in functions and bounds that several parts of the broker share. */
import type { Fault } from './fault.ts';

export const faults: readonly Fault[] = [
  {
    id: 'shared-code-1',
    effect: 'a fleet whose brokers have keys of their own is shown as inconsistent',
    file: 'src/platform/valkey/fleet-differences.ts',
    find: 'brokers.size < 2 || MAY_DIFFER.has(kind)',
    replace: 'brokers.size < 2',
    tests: ['test/unit/cli/fleet-table.test.ts'],
  },
  {
    id: 'shared-code-2',
    effect: 'a broker without a policy in force is not shown as different from the others',
    file: 'src/platform/valkey/fleet-differences.ts',
    find: "({ revisions }) => revisions[kind] ?? 'none'",
    replace: "({ revisions }) => revisions[kind] ?? members[0]?.revisions[kind] ?? 'none'",
    tests: ['test/unit/cli/fleet-table.test.ts'],
  },
  {
    id: 'shared-code-3',
    effect: 'one request with hundreds of scopes fills the memory of the recent decisions and differences',
    file: 'src/platform/list-bounds.ts',
    find: 'MAX_LISTED_SCOPES = 8',
    replace: 'MAX_LISTED_SCOPES = 800',
    tests: ['test/unit/platform/recent-decisions.test.ts', 'test/unit/platform/shadow-differences.test.ts'],
  },
  {
    id: 'shared-code-4',
    effect: 'who-can names the exceptions of a rule as conditions that nobody can know',
    file: 'src/core/policy/condition.ts',
    find: ".filter((condition) => !isException(condition) && !dependsOnlyOn(condition, 'service'))",
    replace: ".filter((condition) => !dependsOnlyOn(condition, 'service'))",
    tests: ['test/unit/core/policy/who-can.test.ts'],
  },
  {
    id: 'shared-code-5',
    effect: 'a list in the place of a JSON object is read as an object without members',
    file: 'src/core/is-object.ts',
    find: ' && !Array.isArray(value)',
    replace: '',
    tests: ['test/unit/backends/oidc', 'test/unit/core', 'test/unit/platform/signing'],
  },
  {
    id: 'shared-code-6',
    effect: 'a missing file of the system looks like a defect: its code is lost',
    file: 'src/core/system-error.ts',
    find: '? error.code : undefined',
    replace: '? undefined : undefined',
    tests: ['test/unit/platform/signing/trust-files.test.ts'],
  },
];
