/** What commands print. */
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createOutput } from '../../../src/cli/output.ts';
import type { Format } from '../../../src/cli/output.ts';

function printing(format: Format) {
  const written = { stdout: '', stderr: '' };
  const output = createOutput(format, {
    stdin: Readable.from([]),
    stdout: (text) => void (written.stdout += text),
    stderr: (text) => void (written.stderr += text),
  });
  return { output, written };
}

/** Clears the screen, rings, returns to the start of the line, and begins a sequence by a single character (C1). */
const COMMANDS = '\u001B[2J\u0007\r\u009B';

describe('a text that a directory, a log or an imported file has chosen', () => {
  it('cannot give the terminal commands, and keeps its lines and tabs', () => {
    const { output, written } = printing('human');

    output.result([`rule ${COMMANDS}x`, 'a\n\tb'], undefined);
    output.remark(`fairlead: ${COMMANDS}y`);

    expect(written).toEqual({ stdout: 'rule  [2J   x\na\n\tb\n', stderr: 'fairlead:  [2J   y\n' });
  });

  it('is complete in JSON, for programs', () => {
    const { output, written } = printing('json');

    output.result([], { rule: COMMANDS });

    expect(JSON.parse(written.stdout)).toEqual({ rule: COMMANDS });
  });
});
