/** The log: winston, one JSON object a line. */
import { Writable } from 'node:stream';
import { createLogger, format, transports } from 'winston';
import type { Log } from '../core/ports.ts';
import type { LineCounts, LineWriter } from './line-writer.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

type Fields = Readonly<Record<string, unknown>>;

/** What JSON leaves as it is and a terminal obeys or hides: more control characters, and overrides of direction. */
const UNPRINTABLE = /[\u007F-\u009F\u200E\u200F\u2028-\u202E\u2066-\u2069\uFEFF]/g;
/** Where winston keeps the text of a line. */
const TEXT = Symbol.for('message');

/** Names come from clients: one must not write to the terminal of a person who reads the log. */
function escapeUnprintable(line: string): string {
  return line.replaceAll(UNPRINTABLE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const escaped = format((line) => {
  line[TEXT] = escapeUnprintable(String(line[TEXT]));
  return line;
});

/** One line in the form of the log, for lines that do not go through it. */
export function logLine(level: LogLevel, message: string, fields: Fields): string {
  return escapeUnprintable(JSON.stringify({ level, message, ...fields, timestamp: new Date().toISOString() }));
}

/** The line that reports what a `LineWriter` dropped. */
export function lossLine(dropped: LineCounts): string {
  const lines = Object.values(dropped).reduce((sum, count) => sum + count, 0);
  return logLine('error', 'log lines dropped', { event: 'log.dropped', lines, dropped });
}

/** The line that a `LineWriter` writes to see whether it can write again. */
export function recoveryLine(cause: string): string {
  return logLine('info', 'log lines can be written again', { event: 'log.recovered', cause });
}

/** @param writer where the lines go; it is not closed with the log */
export function createLog(level: LogLevel, writer: LineWriter): Log {
  const stream = new Writable({
    decodeStrings: false,
    write(line: string, _encoding, done) {
      writer.write(line.trimEnd(), 'log');
      done();
    },
  });
  const logger = createLogger({
    level,
    format: format.combine(format.timestamp(), format.json(), escaped()),
    transports: [new transports.Stream({ stream })],
  });
  const write =
    (at: LogLevel) =>
    (message: string, fields: Fields = {}): void =>
      void logger.log(at, message, fields);
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}
