/** Pieces of configuration schema that backends and the broker share. */
import { z } from 'zod';
import { addressProblem } from './http-client/address.ts';

/**
 * A path in a configuration file. The loader makes it absolute, relative to the folder of that file, and reports a
 * missing file with the place where it is named.
 */
export class FilePath {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }
}

/** The place of a secret. The loader makes `file` absolute and reports an unset variable or a missing file. */
export class SecretRef {
  readonly source: { readonly env: string } | { readonly file: string };

  constructor(source: { readonly env: string } | { readonly file: string }) {
    this.source = source;
  }
}

export const filePath = z
  .string()
  .min(1)
  .transform((path) => new FilePath(path))
  .meta({ description: 'Path of a file, relative to the folder of the file it is named in' });

export const secretRef = z
  .union([
    z.strictObject({ env: z.string().min(1).meta({ description: 'The environment variable that holds the secret' }) }),
    z.strictObject({ file: z.string().min(1).meta({ description: 'Path of the file that holds the secret' }) }),
  ])
  .transform((source) => new SecretRef(source))
  .meta({ description: 'A secret: { env: NAME } or { file: PATH }. A file is read again when it changes.' });

/** @param problemOf returns what is wrong with the text, as a sentence; undefined: nothing */
export function checkedText(problemOf: (text: string) => string | undefined) {
  return z.string().superRefine((text, context) => {
    const message = problemOf(text);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });
}

/**
 * A text that is parsed.
 *
 * @param parse returns what is wrong with the text, as a sentence, where it cannot be parsed
 * @param most characters
 */
export function parsedText<Parsed extends object>(parse: (text: string) => Parsed | string, most: number) {
  return z
    .string()
    .min(1)
    .max(most)
    .transform((text, context): Parsed => {
      const parsed = parse(text);
      if (typeof parsed !== 'string') return parsed;
      context.addIssue({ code: 'custom', message: parsed });
      return z.NEVER;
    });
}

/** The result of a parser that has accepted the same text before, in the configuration schema or in a test. */
export function parsedOrThrow<Parsed extends object>(parsed: Parsed | string): Parsed {
  // INVARIANT: the schema has refused what cannot be parsed, and presets can be.
  if (typeof parsed === 'string') throw new Error(`the configuration was not checked: ${parsed}`);
  return parsed;
}

/** The URL of a server that is sent passwords or secrets: https, or http on a loopback address. */
export const httpsUrl = checkedText(addressProblem);

const UNIT_SECONDS: ReadonlyMap<string, number> = new Map([
  ['ms', 0.001],
  ['s', 1],
  ['m', 60],
  ['h', 3600],
  ['d', 86_400],
]);
const DURATION = /^(\d+)(ms|s|m|h|d)$/;

/** Written once, because each schema takes time at every start. */
const anyDuration = z
  .string()
  .regex(DURATION, 'expected a duration such as 300s, 5m or 12h')
  .transform(durationSeconds);

/**
 * A duration such as `300s`, `5m` or `12h`, as seconds.
 *
 * @param limits the least and the greatest number of seconds allowed
 */
export function duration({ min, max }: { readonly min: number; readonly max: number }) {
  const range = `duration from ${durationText(min)} to ${durationText(max)}`;
  return anyDuration
    .refine((length) => length >= min && length <= max, { error: `expected a ${range}` })
    .meta({ title: `${range}, such as 300s, 5m or 12h` });
}

/** The seconds of a text that `DURATION` matches. */
function durationSeconds(text: string): number {
  const [, amount, unit = ''] = DURATION.exec(text) ?? [];
  return Number(amount) * (UNIT_SECONDS.get(unit) ?? Number.NaN);
}

const DAY = 86_400;

function durationText(seconds: number): string {
  if (seconds === 0) return '0s';
  if (seconds < 1) return `${seconds * 1000}ms`;
  if (seconds > DAY && seconds % DAY === 0) return `${seconds / DAY}d`;
  if (seconds % 3600 === 0) return `${seconds / 3600}h`;
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
}

/** The keys every backend has. */
export const backendFields = {
  name: z
    .string()
    .regex(
      /^[a-z][a-z0-9-]{0,31}$/,
      'expected lower-case letters, digits and dashes, starting with a letter, 32 at most',
    )
    .meta({
      description:
        'The name of this backend in logs, metrics and messages. Lower-case letters, digits and dashes, starting with a letter, at most 32 characters. Unique.',
    }),
  usernames: z.array(z.string().min(1)).min(1).optional().meta({
    description:
      'Patterns (with *) of the logins that belong to this backend. Other logins are not offered to it. Default: all.',
  }),
};
