/** What a command reads and prints: results on standard output, remarks on standard error, as text or as JSON. */
import type { Readable } from 'node:stream';

export type Format = 'human' | 'json';

/** The standard streams: those of this process, or those that a test passes. */
export interface Terminal {
  /** `isTTY`: somebody types, so that a password is asked for without echo. */
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
}

export const processTerminal: Terminal = {
  stdin: process.stdin,
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
};

export interface Output {
  /** Prints a result: the lines for people, or the value as JSON. */
  result(lines: readonly string[], value: unknown): void;
  /** Prints a remark to standard error, in either format. */
  remark(line: string): void;
}

export function createOutput(format: Format, { stdout, stderr }: Terminal): Output {
  return {
    result: (lines, value) =>
      stdout(
        format === 'json'
          ? `${JSON.stringify(value, undefined, 2)}\n`
          : lines.map((line) => `${printable(line)}\n`).join(''),
      ),
    remark: (line) => stderr(`${printable(line)}\n`),
  };
}

/**
 * Directories, registries, logs and imported configurations choose parts of what is printed, and could send sequences that
 * the terminal obeys.
 */
function printable(text: string): string {
  return text.replaceAll(/(?![\n\t])\p{Cc}/gu, ' ');
}

/** Exit codes: success, the answer is no, and usage or configuration error. */
export const EXIT = { ok: 0, no: 1, usage: 2 } as const;
