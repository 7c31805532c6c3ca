/** Reads a password from standard input: one line of a pipe, or typed at a terminal without echo. */
import type { Readable } from 'node:stream';
import { processTerminal } from './output.ts';
import type { Terminal } from './output.ts';
import { readLine } from './read-line.ts';

/** Characters; longer than any password or token that a backend accepts. */
const MAX_LENGTH = 32 * 1024;

/** @returns the line without its end; empty when there is no input. */
export async function readPassword(prompt: string, terminal: Terminal = processTerminal): Promise<string> {
  return terminal.stdin.isTTY === true ? readLine(prompt, terminal, { echo: 'hidden' }) : firstLine(terminal.stdin);
}

/**
 * A password that is stored: at a terminal it is typed twice, because nobody sees a typing error.
 *
 * @throws Error when the two differ
 */
export async function readNewPassword(prompt: string, terminal: Terminal): Promise<string> {
  const password = await readPassword(prompt, terminal);
  if (terminal.stdin.isTTY === true && password !== (await readPassword('Again: ', terminal)))
    throw new Error('the two passwords differ; run the command again');
  return password;
}

async function firstLine(input: Readable): Promise<string> {
  let text = '';
  input.setEncoding('utf8');
  for await (const chunk of input) {
    text += String(chunk);
    if (text.length > MAX_LENGTH || text.includes('\n')) break;
  }
  const [line = ''] = text.split('\n', 1);
  if (line.length > MAX_LENGTH)
    throw new Error(`the line is longer than ${MAX_LENGTH} characters; expected the password alone`);
  return line.replace(/\r$/, '');
}
