/** Reads a password from standard input: one line of a pipe, or typed at a terminal without echo. */
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

/** More than any backend takes: passwords are shorter than tokens. */
const MAX_LENGTH = 32 * 1024;

/** @returns the line without its end; empty when there is no input. */
export async function readPassword(prompt: string): Promise<string> {
  return process.stdin.isTTY ? askTerminal(prompt) : firstLine(process.stdin);
}

async function askTerminal(prompt: string): Promise<string> {
  process.stderr.write(prompt);
  // With an output that swallows everything, readline edits the line and shows none of it.
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true });
  try {
    return await terminal.question('');
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
}

async function firstLine(input: NodeJS.ReadStream): Promise<string> {
  let text = '';
  input.setEncoding('utf8');
  for await (const chunk of input) {
    text += String(chunk);
    if (text.length > MAX_LENGTH || text.includes('\n')) break;
  }
  const [line = ''] = text.split('\n', 1);
  if (line.length > MAX_LENGTH) throw new Error(`the line is longer than ${MAX_LENGTH} characters`);
  return line.replace(/\r$/, '');
}
