/** The audit trail. */
import type { Fault } from './fault.ts';

const WRITER = 'src/platform/line-writer.ts';
const WRITER_TEST = 'test/unit/platform/line-writer.test.ts';

export const faults: readonly Fault[] = [
  {
    id: 'audit-1',
    effect: 'a reader that is slow for a moment loses the lines of that moment',
    file: WRITER,
    find: "if (codeOf(error) !== 'EAGAIN' || this.#isOver()) throw error;",
    replace: 'return;',
    tests: ['test/e2e/audit-trail.test.ts'],
  },
  {
    id: 'audit-2',
    effect: 'dropped lines are not reported',
    file: WRITER,
    find: 'if (this.#dropped.size === 0) return;',
    replace: 'if (this.#dropped.size >= 0) return;',
    tests: [WRITER_TEST],
  },
  {
    id: 'audit-3',
    effect: 'a full disk leaves a cut line in the audit file',
    file: WRITER,
    find: 'await truncate(fd, (await statOf(fd)).size - done);',
    replace: '',
    tests: [WRITER_TEST],
  },
  {
    id: 'audit-4',
    effect: 'a line whose token was refused is written all the same',
    file: WRITER,
    find: "      this.#queue.remove([entry]);\n      entry.settle?.('dropped');",
    replace: "      entry.settle?.('dropped');",
    tests: [WRITER_TEST],
  },
  {
    id: 'audit-5',
    effect: 'a rotated audit file is still written to',
    file: WRITER,
    find: 'if (this.#reopenWanted) await this.#closeFile();',
    replace: '',
    tests: [WRITER_TEST],
  },
  {
    id: 'audit-6',
    effect: 'onLoss: refuse issues tokens without a line',
    file: 'src/platform/audit/audit-trail.ts',
    find: "if (outcome === 'written') return;",
    replace: "if (outcome !== 'unfinished') return;",
    tests: ['test/unit/platform/audit/audit-trail.test.ts'],
  },
  {
    id: 'audit-7',
    effect: 'a broker that issues no tokens stays not ready after its audit file is repaired',
    file: WRITER,
    find: ' || this.#isBlocked) {',
    replace: ') {',
    tests: [WRITER_TEST],
  },
  {
    id: 'audit-8',
    effect: 'a line that comes just when the one before it is written waits for the next one, and its token is refused',
    file: WRITER,
    find: 'later needs a loop of its own.\n    this.#running = undefined;',
    replace: 'later needs a loop of its own.\n    setImmediate(() => (this.#running = undefined));',
    tests: [WRITER_TEST],
  },
];
