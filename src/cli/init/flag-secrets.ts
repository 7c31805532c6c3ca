/** Passwords that flags of `fairlead init` give: from a file, a variable or standard input. */
import { resolve } from 'node:path';
import { SecretRef } from '../../backends/fields.ts';
import { createSecrets } from '../../config/secrets.ts';
import { describeError } from '../../core/errors.ts';
import { Secret } from '../../core/identity.ts';
import { UsageError } from '../command.ts';
import type { Terminal } from '../output.ts';
import { readPassword } from '../read-password.ts';
import { secretFlags } from './question.ts';
import type { SecretQuestion } from './question.ts';

/** A secret, and where the broker finds it. */
export interface GivenSecret {
  readonly secret: Secret;
  /** Undefined: it was typed or came from standard input, and is not stored yet. */
  readonly source: { readonly file: string } | { readonly env: string } | undefined;
}

/**
 * @param given returns the value of a flag; undefined: it was not given
 * @returns a function that reads the secret of a question. It returns undefined when no flag gives one, and throws
 *   UsageError when the flags do not name one secret that can be read.
 */
export function createFlagSecrets(
  given: (flag: string) => string | undefined,
  terminal: Terminal,
): (question: SecretQuestion) => Promise<GivenSecret | undefined> {
  let isStdinRead = false;

  async function readStdin(prompt: string): Promise<GivenSecret> {
    if (isStdinRead) throw new UsageError('expected one flag that ends with -stdin: one password is read from there');
    isStdinRead = true;
    const secret = new Secret(await readPassword(prompt, terminal));
    if (secret.isEmpty()) throw new UsageError('standard input has no password: expected it on the first line');
    return { secret, source: undefined };
  }

  return async (question) => {
    const flags = secretFlags(question);
    const [file, env, stdin] = flags.map(given);
    if ([file, env, stdin].filter((value) => value !== undefined).length > 1) throw oneOf(flags);
    if (file !== undefined) return readSource({ file: resolve(file) });
    if (env !== undefined) return readSource({ env });
    return stdin === undefined ? undefined : readStdin(`${question.prompt}: `);
  };
}

async function readSource(source: { readonly file: string } | { readonly env: string }): Promise<GivenSecret> {
  try {
    return { secret: await createSecrets()(new SecretRef(source)).read(), source };
  } catch (error) {
    throw new UsageError(describeError(error));
  }
}

/** @param flags those of one secret */
export function oneOf(flags: readonly string[]): UsageError {
  return new UsageError(`expected one of ${flags.map((flag) => `--${flag}`).join(', ')}`);
}
