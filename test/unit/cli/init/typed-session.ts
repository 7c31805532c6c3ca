/** Runs one command line in this process at a terminal at which answers are typed, each after its prompt. */
import { PassThrough } from 'node:stream';
import { runCommandLine } from '../../../../src/cli/program.ts';
import type { CommandResult } from '../workspace.ts';

/** Sequences that move the cursor or erase (ECMA-48, section 5.4), and carriage returns. */
// oxlint-disable-next-line no-control-regex -- that is what they are
const CONTROL = /\x1b\[[0-9;?]*[A-Za-z]|\r/g;

/** @param answers one line for each prompt; without a further one, Ctrl-C is pressed */
export async function typedSession(args: readonly string[], answers: readonly string[]): Promise<CommandResult> {
  const left = [...answers];
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  let stdout = '';
  let screen = '';
  let answered = 0;
  const answerPrompt = (): void => {
    const shown = screen.replaceAll(CONTROL, '');
    if (shown.length === answered || !shown.endsWith(': ')) return;
    answered = shown.length;
    const answer = left.shift();
    stdin.write(answer === undefined ? '\u0003' : `${answer}\r`);
  };
  const code = await runCommandLine(args, {
    stdin,
    stdout: (text) => void (stdout += text),
    stderr: (text) => {
      screen += text;
      setImmediate(answerPrompt);
    },
  });
  return { code, stdout, stderr: screen.replaceAll(CONTROL, '') };
}
