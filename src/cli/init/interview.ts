/** Asks the questions of `fairlead init`: the answer of a flag first, then what somebody types. */
import { resolve } from 'node:path';
import { SecretRef } from '../../backends/fields.ts';
import { createSecrets } from '../../config/secrets.ts';
import { describeError } from '../../core/errors.ts';
import { Secret } from '../../core/identity.ts';
import { UsageError } from '../command.ts';
import type { Terminal } from '../output.ts';
import { readLine } from '../read-line.ts';
import { readPassword } from '../read-password.ts';
import { flagValue } from './question.ts';
import type { Flags, Question, SecretQuestion } from './question.ts';

/** What was given is not usable, and nobody is there to give something else. Printed as it is, exit code 1. */
export class SetupFailed extends Error {
  override readonly name = 'SetupFailed';
}

/** A secret, and where the broker finds it. */
export interface GivenSecret {
  readonly secret: Secret;
  /** Undefined: it was typed or came from standard input, and is not stored yet. */
  readonly source: { readonly file: string } | { readonly env: string } | undefined;
}

export interface Interview {
  /** Prints lines to the terminal, among the questions. */
  say(...lines: readonly string[]): void;
  /**
   * @param proposal the answer of an empty line, and without a terminal
   * @throws UsageError when the answer of the flag is not valid, or there is no terminal and no answer
   */
  ask<Value>(question: Question<Value>, proposal?: string): Promise<Value>;
  askSecret(question: SecretQuestion): Promise<GivenSecret>;
  /** A secret that is stored: typed twice, because nobody sees a typing error. */
  askNewSecret(question: SecretQuestion): Promise<GivenSecret>;
  /**
   * Says why answers cannot be used, so that their questions are asked again.
   *
   * @throws SetupFailed when there is no terminal
   */
  refuse(reason: string, ...questions: readonly { readonly flag: string }[]): void;
  /** Whether the question needs no terminal, because a flag answers it. */
  isAnswered(question: { readonly flag: string }): boolean;
  readonly hasTerminal: boolean;
}

export function createInterview(flags: Flags, terminal: Terminal): Interview {
  const hasTerminal = terminal.stdin.isTTY === true;
  /** The flags whose answers cannot be used. */
  const refused = new Set<string>();
  let isStdinRead = false;
  const say = (...lines: readonly string[]): void => terminal.stderr(lines.map((line) => `${line}\n`).join(''));
  const given = (flag: string): string | undefined => (refused.has(flag) ? undefined : flagValue(flags, flag));
  const secretFlags = (flag: string): readonly string[] => ['file', 'env', 'stdin'].map((kind) => `${flag}-${kind}`);

  async function ask<Value>(question: Question<Value>, proposal?: string): Promise<Value> {
    const { flag, parse } = question;
    const answer = given(flag);
    if (answer !== undefined || !hasTerminal) {
      const parsed = parse(answer ?? proposal ?? '');
      if ('value' in parsed) return parsed.value;
      throw new UsageError(`--${flag}: ${parsed.problem}`);
    }
    say('', question.about);
    for (;;) {
      const typed = await typedLine(question, proposal);
      if (typed === '?') {
        say(...question.more.map((line) => `  ${line}`));
        continue;
      }
      const parsed = parse(typed);
      if ('value' in parsed) return parsed.value;
      say(`  ${parsed.problem}`);
    }
  }

  async function typedLine({ prompt }: { readonly prompt: string }, proposal?: string): Promise<string> {
    const shown = proposal === undefined || proposal === '' ? '' : ` [${proposal}]`;
    const line = (await readLine(`${prompt}${shown}: `, terminal, { echo: 'shown' })).trim();
    return line === '' ? (proposal ?? '') : line;
  }

  async function secretOfFlag({ flag, prompt }: SecretQuestion): Promise<GivenSecret | undefined> {
    const [file, env, stdin] = secretFlags(flag).map(given);
    if ([file, env, stdin].filter((value) => value !== undefined).length > 1)
      throw new UsageError(`expected one of ${secretFlags(flag).map(dashed).join(', ')}`);
    if (stdin !== undefined) return { secret: await secretOfStdin(`${prompt}: `), source: undefined };
    const source = file === undefined ? env && { env } : { file: resolve(file) };
    if (source === undefined || source === '') return undefined;
    try {
      return { secret: await createSecrets()(new SecretRef(source)).read(), source };
    } catch (error) {
      throw new UsageError(describeError(error));
    }
  }

  async function secretOfStdin(prompt: string): Promise<Secret> {
    if (isStdinRead) throw new UsageError('expected one flag that ends with -stdin: one password is read from there');
    isStdinRead = true;
    const secret = new Secret(await readPassword(prompt, terminal));
    if (secret.isEmpty()) throw new UsageError('standard input has no password: expected it on the first line');
    return secret;
  }

  async function askSecret(question: SecretQuestion, isNew = false): Promise<GivenSecret> {
    const { flag, prompt, about, more } = question;
    const answer = await secretOfFlag(question);
    if (answer !== undefined) return answer;
    if (!hasTerminal) throw new UsageError(`expected one of ${secretFlags(flag).map(dashed).join(', ')}`);
    say('', about);
    for (;;) {
      const typed = await readLine(`${prompt} (not shown): `, terminal, { echo: 'hidden' });
      if (typed === '?') say(...more.map((line) => `  ${line}`));
      else if (typed === '') say('  expected a password: an empty one would be a login as nobody');
      else if (isNew && typed !== (await readLine(`${prompt}, again: `, terminal, { echo: 'hidden' })))
        say('  the two passwords differ; type it twice again');
      else return { secret: new Secret(typed), source: undefined };
    }
  }

  return {
    hasTerminal,
    say,
    ask,
    askSecret: (question) => askSecret(question),
    askNewSecret: (question) => askSecret(question, true),
    isAnswered: ({ flag }) => [flag, ...secretFlags(flag)].some((name) => given(name) !== undefined),
    refuse: (reason, ...questions) => {
      if (!hasTerminal) throw new SetupFailed(reason);
      say(`  FAILED: ${reason}`);
      for (const { flag } of questions) for (const name of [flag, ...secretFlags(flag)]) refused.add(name);
    },
  };
}

function dashed(flag: string): string {
  return `--${flag}`;
}
