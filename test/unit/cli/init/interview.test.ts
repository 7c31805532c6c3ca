/** What `fairlead init` prints among its questions. */
import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { createInterview } from '../../../../src/cli/init/interview.ts';

it('a text from a directory cannot give the terminal commands', () => {
  let screen = '';
  const terminal = {
    stdin: Readable.from([]),
    stdout: () => undefined,
    stderr: (text: string) => void (screen += text),
  };

  createInterview({}, terminal).say('cn=\u001B[2J\u0007team', 'next');

  expect(screen).toBe('cn= [2J team\nnext\n');
});
