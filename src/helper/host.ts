/** What the helper uses of its process, so that tests can run it in their own. */
import type { Readable } from 'node:stream';

export interface Host {
  /** The name of the program, for messages. */
  readonly program: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly stdin: Readable;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** Seconds since 1970. */
  readonly now: () => number;
}

export function processHost(program: string): Host {
  return {
    program,
    env: process.env,
    platform: process.platform,
    stdin: process.stdin,
    stdout: (text) => void process.stdout.write(text),
    stderr: (text) => void process.stderr.write(text),
    now: () => Math.floor(Date.now() / 1000),
  };
}

/** An error that its message explains to the user. */
export class HelperError extends Error {
  override readonly name = 'HelperError';
}

/**
 * One line. Registries and servers choose parts of what is printed, and could send sequences that the terminal obeys, lines
 * that look like those of this program, and characters that change the direction of the text (Unicode, UAX 9).
 */
export function printable(text: string): string {
  return text.replaceAll(/(?!\t)[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, ' ');
}

export function remark({ stderr }: Pick<Host, 'stderr'>, line: string): void {
  stderr(`${printable(line)}\n`);
}

/** Clients send a server name or a small JSON object. */
const MAX_INPUT = 64 * 1024;

/** @throws HelperError when the input is larger than what clients send */
export async function readInput({ stdin }: Pick<Host, 'stdin'>, most = MAX_INPUT): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stdin) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what streams of bytes or texts give
    const bytes = Buffer.from(chunk as Uint8Array | string);
    length += bytes.length;
    if (length > most) throw new HelperError(`the input is larger than ${most} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}
