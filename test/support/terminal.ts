/** A program at a pseudo-terminal (`script` of util-linux), and somebody who types answers to its prompts. */
import { spawn } from 'node:child_process';
import { findPart } from './parts.ts';
import type { Part } from './parts.ts';
import { waitFor } from './wait.ts';

/** A package that every Debian has. */
const SCRIPT: Part = { program: 'script', debian: 'bsdutils' };

export interface TerminalSession extends AsyncDisposable {
  /** Waits until the screen ends with this prompt, then types the line and Enter. */
  answer(prompt: string, line: string): Promise<void>;
  /** Waits for a prompt, then presses keys, such as `\x03` for Ctrl-C. */
  press(prompt: string, keys: string): Promise<void>;
  /** What the terminal has shown so far, without control sequences. */
  screen(): string;
  /** The number of characters that were typed, each Enter included. */
  typed(): number;
  /** The exit code of the program. */
  readonly exited: Promise<number | null>;
}

export function canRunTerminal(): boolean {
  return findPart(SCRIPT) !== undefined;
}

/** @param command for `sh -c` */
export function openTerminal(
  command: string,
  { cwd, env = {} }: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): TerminalSession {
  const child = spawn('script', ['--quiet', '--return', '--flush', '--command', command, '/dev/null'], {
    cwd,
    env: { ...process.env, TERM: 'xterm', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const { promise: exited, resolve, reject } = Promise.withResolvers<number | null>();
  let output = '';
  let answered = 0;
  let typed = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.once('error', reject).once('close', resolve);
  child.stdin.on('error', () => undefined);
  const screen = (): string => output.replaceAll(CONTROL, '');

  async function press(prompt: string, keys: string): Promise<void> {
    try {
      await waitFor(`the prompt "${prompt}"`, () => screen().slice(answered).endsWith(prompt), { everyMs: 5 });
    } catch (error) {
      throw new Error(`${String(error)}\n--- screen\n${screen()}`, { cause: error });
    }
    answered = screen().length;
    typed += keys.length;
    child.stdin.write(keys);
  }

  return {
    press,
    answer: (prompt, line) => press(prompt, `${line}\r`),
    screen,
    typed: () => typed,
    exited,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Sequences that move the cursor or erase (ECMA-48, section 5.4), and carriage returns. */
// oxlint-disable-next-line no-control-regex -- that is what they are
const CONTROL = /\x1b\[[0-9;?]*[A-Za-z]|\r/g;
