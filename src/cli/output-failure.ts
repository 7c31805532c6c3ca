/** What a command does when its output cannot be written. */
import type { Writable } from 'node:stream';
import { codeOf } from '../core/system-error.ts';
import { causeOf } from '../config/read-text.ts';
import { EXIT } from './output.ts';

interface OutputFailure {
  /** The exit code of a command, whose own code is 2 when its output was lost. */
  exitCode(code: number): number;
}

/**
 * Handles errors of the standard streams, which would end the process with a stack trace. A reader that has closed the
 * pipe wants no more, such as `head`: the answer stays as it is. Anything else, such as a full disk, is an error.
 *
 * @param onFailure called with the exit code, because the error may come after the end of the command
 */
export function watchOutput(
  { stdout, stderr }: { readonly stdout: Writable; readonly stderr: Writable },
  onFailure: (code: number) => void,
): OutputFailure {
  let isLost = false;
  const handle = (name: string, report: (line: string) => void) => (error: Error) => {
    if (codeOf(error) === 'EPIPE' || isLost) return;
    isLost = true;
    report(`fairlead: the ${name} cannot be written (${causeOf(error)})\n`);
    onFailure(EXIT.usage);
  };
  stdout.on(
    'error',
    handle('output', (line) => void stderr.write(line)),
  );
  // There is nowhere to report this.
  stderr.on(
    'error',
    handle('error output', () => undefined),
  );
  return { exitCode: (code) => (isLost ? EXIT.usage : code) };
}
