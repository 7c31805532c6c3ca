/** Faults in what operators read: errors of configuration files, of `check` and of the log. */
import type { Fault } from './fault.ts';

export const faults: readonly Fault[] = [
  {
    id: 'messages-1',
    effect: 'a list without brackets is also reported as a text that is too long',
    file: 'src/config/explain-issues.ts',
    find: "return !((code === 'too_big' || code === 'too_small') && ofAnotherKind.has(path.join('\\n')));",
    replace: 'return true;',
    tests: ['test/unit/config/lists.test.ts'],
  },
  {
    id: 'messages-2',
    effect: 'one wrong indentation prints an error for each line after it',
    file: 'src/config/yaml-syntax.ts',
    find: 'firsts.slice(0, MOST_LINES)',
    replace: 'firsts',
    tests: ['test/unit/config/yaml-syntax.test.ts'],
  },
  {
    id: 'messages-3',
    effect: 'check --connect ends with "answers" after a failed step',
    file: 'src/cli/walk.ts',
    find: 'return hasFailed ? steps : [',
    replace: 'return [',
    tests: ['test/unit/cli/check-login.test.ts'],
  },
  {
    id: 'messages-4',
    effect: 'an operator reads the names of classes instead of sentences',
    file: 'src/core/errors.ts',
    find: 'return DEFECTS.has(error.name) ?',
    replace: 'return error.name !== "" ?',
    tests: ['test/unit/core/errors.test.ts'],
  },
  {
    id: 'messages-5',
    effect: 'one change of broker.yaml is logged by the watcher and again by SIGHUP',
    file: 'src/app/config-change.ts',
    find: 'if (JSON.stringify(state) === JSON.stringify(last)) return;',
    replace: "if (state === 'in use' && last === 'in use') return;",
    tests: ['test/unit/app/config-change.test.ts'],
  },
  {
    id: 'messages-6',
    effect: 'each run of fairlead doctor is a warning in the log of the broker',
    file: 'src/platform/audit/audit-lines.ts',
    find: ", doctor_probe: 'info'",
    replace: '',
    tests: ['test/unit/platform/audit/audit-lines.test.ts'],
  },
  {
    id: 'messages-7',
    effect: 'the suggested list has a value that is not valid in it',
    file: 'src/config/issue-sentences.ts',
    find: 'if (!isEntry) return sentence;',
    replace: '',
    tests: ['test/unit/config/backend-problems.test.ts'],
  },
  {
    id: 'messages-8',
    effect: 'warnings of the connection pool are printed beside the step that reports the same failure',
    file: 'src/cli/backend-remarks.ts',
    find: 'remarks.filter(({ cause }) => cause === undefined || !isReported(cause))',
    replace: 'remarks',
    tests: ['test/unit/cli/backend-remarks.test.ts'],
  },
];
