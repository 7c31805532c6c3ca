/** What goes wrong only on a busy machine, where a thread, a timer or the other process is late. */
import type { Fault } from './fault.ts';

export const faults: readonly Fault[] = [
  {
    id: 'timing-1',
    effect: 'a file that changes just after the start is not read again, because the first look is taken too late',
    file: 'src/platform/watch.ts',
    find: 'let timer = later();',
    replace: 'let timer = later();\n  setImmediate(() => (seen = stateNow(path)));',
    tests: ['test/unit/platform/watch.test.ts'],
  },
  {
    id: 'timing-2',
    effect: 'a file is read again after its first change, and after no later one',
    file: 'src/platform/watch.ts',
    find: 'seen = state;\n    timer = later();',
    replace: 'if (state === seen) timer = later();\n    seen = state;',
    tests: ['test/unit/platform/watch.test.ts'],
  },
  {
    id: 'timing-3',
    effect: 'a busy event loop withholds tokens whose audit lines are written',
    file: 'src/platform/line-writer.ts',
    find: "timer = setTimeout(() => resolve('unfinished'), GRACE_MS);",
    replace: "resolve('unfinished');",
    tests: ['test/unit/platform/line-writer.test.ts'],
  },
  {
    id: 'timing-4',
    effect: 'a connection is closed at the deadline of its handshake, although the handshake is complete',
    file: 'src/http/connections.ts',
    find: 'clearTimeout(connection?.handshake);',
    replace: '',
    tests: ['test/unit/http/connections.test.ts'],
  },
];
