/** Results on standard output, errors on standard error, as text for people or JSON for programs. */

export type Format = 'human' | 'json';

export interface Output {
  /** Prints a result: the lines for people, or the value as JSON. */
  result(lines: readonly string[], value: unknown): void;
  /** Prints a remark to standard error, in either format. */
  remark(line: string): void;
}

export function createOutput(format: Format): Output {
  return {
    result: (lines, value) => {
      process.stdout.write(
        format === 'json' ? `${JSON.stringify(value, undefined, 2)}\n` : lines.map((line) => `${line}\n`).join(''),
      );
    },
    remark: (line) => {
      process.stderr.write(`${line}\n`);
    },
  };
}

/** Exit codes: fine, the answer is no, or usage and configuration. */
export const EXIT = { ok: 0, no: 1, usage: 2 } as const;
