/** Faults in the limits of what one caller can make all others wait for. */
import type { Fault } from './fault.ts';

export const faults: readonly Fault[] = [
  {
    id: 'abuse-1',
    effect: 'a form with a million fields blocks the event loop for more than a minute',
    file: 'src/http/form.ts',
    find: 'export const MAX_FIELDS = 1000;',
    replace: 'export const MAX_FIELDS = 10_000_000;',
    tests: ['test/unit/http/form.test.ts'],
  },
  {
    id: 'abuse-2',
    effect: 'a session of an administrator makes the broker read any number of large policies at the same time',
    file: 'src/http/console/policy.ts',
    find: 'if (forms >= MAX_FORMS) {',
    replace: 'if (forms >= 1000 * MAX_FORMS) {',
    tests: ['test/unit/http/console/policy.test.ts'],
  },
  {
    id: 'abuse-3',
    effect: 'a pasted policy of a megabyte takes the memory of the whole container, and the broker is killed',
    file: 'src/platform/thread-memory.ts',
    find: 'Math.min(most, Math.floor((limit - used) / MIB) - RESERVED_MIB)',
    replace: 'Math.min(most, Math.floor(limit / MIB) + used)',
    tests: ['test/unit/platform/thread-memory.test.ts'],
  },
  {
    id: 'abuse-4',
    effect: 'a query with 32,000 parameters takes the event loop ten milliseconds, at every endpoint',
    file: 'src/http/form.ts',
    find: "return parseForm(start < 0 ? '' : url.slice(start + 1));",
    replace: "return new URLSearchParams(start < 0 ? '' : url.slice(start + 1));",
    tests: ['test/unit/http/form.test.ts'],
  },
  {
    id: 'abuse-5',
    effect: 'a scope that is repeated with other actions each time takes the event loop a hundred milliseconds',
    file: 'src/core/scope.ts',
    find: 'if (actions.size > MAX_ACTIONS) return false;',
    replace: '',
    tests: ['test/unit/core/scope.test.ts'],
  },
  {
    id: 'abuse-6',
    effect: 'a scope that is repeated ten thousand times is parsed ten thousand times',
    file: 'src/core/scope.ts',
    find: 'if (texts > MAX_TEXTS) throw',
    replace: 'if (texts < 0) throw',
    tests: ['test/unit/core/scope.test.ts'],
  },
];
