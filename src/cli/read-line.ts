/** Reads lines that somebody types at a terminal, with editing keys and, for a password, without echo. */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { UsageError } from './command.ts';
import type { Terminal } from './output.ts';

/** Ctrl-C or Ctrl-D at a question. */
export class Interrupted extends UsageError {
  constructor() {
    super('interrupted');
  }
}

/** Whether the terminal shows what is typed. */
type Echo = 'shown' | 'hidden';

/** Lines that came in one piece with the line before, by the terminal they were typed at. */
const typedAhead = new WeakMap<Terminal['stdin'], string[]>();

/** @throws Interrupted on Ctrl-C and Ctrl-D */
export async function readLine(prompt: string, terminal: Terminal, { echo }: { readonly echo: Echo }): Promise<string> {
  const { stdin, stderr } = terminal;
  const ahead = typedAhead.get(stdin) ?? [];
  typedAhead.set(stdin, ahead);
  const first = ahead.shift();
  if (first !== undefined) {
    stderr(`${prompt}${echo === 'shown' ? first : ''}\n`);
    return first;
  }
  const line = await nextLine(prompt, terminal, echo, ahead);
  if (echo === 'hidden' || line === undefined) stderr('\n');
  if (line === undefined) throw new Interrupted();
  return line;
}

/** @returns undefined on Ctrl-C and Ctrl-D */
async function nextLine(
  prompt: string,
  { stdin, stderr }: Terminal,
  echo: Echo,
  ahead: string[],
): Promise<string | undefined> {
  let isRead = false;
  // Readline edits the line, and prints it to this stream. What follows the line may answer a hidden prompt.
  const output = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      if (echo === 'shown' && !isRead) stderr(chunk.toString());
      done();
    },
  });
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const shownPrompt = echo === 'shown' ? prompt : '';
  const lines = createInterface({ input: stdin, output, terminal: true, historySize: 0, prompt: shownPrompt });
  lines.on('line', (line) => {
    if (isRead) ahead.push(line);
    else resolve(line);
    isRead = true;
  });
  lines.once('SIGINT', () => resolve(undefined));
  lines.once('close', () => resolve(undefined));
  // Only now, in raw mode: before, the terminal itself would show what somebody types at once.
  if (echo === 'hidden') stderr(prompt);
  lines.prompt();
  try {
    return await promise;
  } finally {
    // Leaves the raw mode, so that Ctrl-C ends the process while nothing is asked.
    lines.close();
  }
}
