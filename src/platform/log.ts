/** The log: winston, one JSON object a line. */
import { createWriteStream } from 'node:fs';
import { createLogger, format, transports } from 'winston';
import type { Log } from '../core/ports.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface ClosableLog extends Log {
  /** Writes what is still held, waiting at most a second for a reader that does not read. */
  close(): Promise<void>;
}

/** Bytes held for a reader that has stopped reading; what comes after is dropped and counted, so that memory is bounded. */
const MAX_HELD_BYTES = 8 * 1024 * 1024;
const FLUSH_MS = 1000;

/** What JSON leaves as it is and a terminal obeys or hides: more control characters, and overrides of direction. */
const UNPRINTABLE = /[\u007F-\u009F\u200E\u200F\u2028-\u202E\u2066-\u2069\uFEFF]/g;
/** Where winston keeps the text of a line. */
const TEXT = Symbol.for('message');

/** Names come from clients: one must not write to the terminal of who reads the log. */
const escaped = format((line) => {
  line[TEXT] = String(line[TEXT]).replaceAll(
    UNPRINTABLE,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return line;
});

/**
 * @param fd the file descriptor to write to; 2 is standard error. It is written outside the event loop, because
 *   `process.stderr` on a full pipe would stop every login until somebody reads.
 */
export function createLog(level: LogLevel, fd: number): ClosableLog {
  const stream = createWriteStream('', { fd, autoClose: false });
  let dropped = 0;
  // A reader that has gone away must not take the broker with it.
  stream.on('error', () => undefined);
  const logger = createLogger({
    level,
    format: format.combine(format.timestamp(), format.json(), escaped()),
    transports: [new transports.Stream({ stream })],
  });
  logger.on('error', () => undefined);

  function write(at: LogLevel, message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    if (stream.writableLength > MAX_HELD_BYTES) {
      dropped += 1;
      return;
    }
    if (dropped > 0) {
      logger.warn('log lines were dropped because nobody read them', { dropped });
      dropped = 0;
    }
    logger.log(at, message, fields);
  }

  return {
    debug: (message, fields) => write('debug', message, fields),
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, fields) => write('error', message, fields),
    close: async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timeout = setTimeout(resolve, FLUSH_MS);
      logger.end(() => stream.end(resolve));
      await promise;
      clearTimeout(timeout);
    },
  };
}
