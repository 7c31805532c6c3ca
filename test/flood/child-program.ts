/** A program of this folder that runs in a process of its own during the measurement. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';

export interface ChildProgram {
  /** Ends the program by closing its input. @returns the JSON value that it printed */
  end(): Promise<unknown>;
}

/** Starts the program, and waits until it prints `ready`. @throws Error when it ends before that */
export async function startChildProgram(script: string, ...args: readonly string[]): Promise<ChildProgram> {
  const child = spawn(process.execPath, [join(import.meta.dirname, script), ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let text = '';
  const ready = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part;
    if (text.includes('ready\n')) ready.resolve();
  });
  child.once('close', () => {
    ready.reject(new Error(`${script} ended before it was ready`));
    ended.resolve();
  });
  await ready.promise;
  return {
    end: async () => {
      child.stdin.end();
      await ended.promise;
      return JSON.parse(text.replace('ready\n', ''));
    },
  };
}
