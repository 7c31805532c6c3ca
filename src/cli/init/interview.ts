/** Asks the questions of `fairlead init`: the answer of a flag first, then what somebody types. */
import { Secret } from '../../core/identity.ts';
import { UsageError } from '../command.ts';
import type { Terminal } from '../output.ts';
import { readLine } from '../read-line.ts';
import { createFlagSecrets, oneOf } from './flag-secrets.ts';
import type { GivenSecret } from './flag-secrets.ts';
import { flagValue, secretFlags } from './question.ts';
import type { Flags, Question, SecretQuestion } from './question.ts';

/** What was given is not usable, and nobody is there to give something else. Printed as it is, exit code 1. */
export class SetupFailed extends Error {
  override readonly name = 'SetupFailed';
}

export interface Interview {
  readonly hasTerminal: boolean;
  /** Prints lines to the terminal, among the questions. */
  say(...lines: readonly string[]): void;
  /**
   * @param proposal the answer of an empty line, and without a terminal
   * @throws UsageError when the answer of the flag is not valid, or there is no terminal and no answer
   */
  ask<Value>(question: Question<Value>, proposal?: string): Promise<Value>;
  /** @throws UsageError when the flags give no secret that can be read, or there is no terminal and no flag */
  askSecret(question: SecretQuestion): Promise<GivenSecret>;
  /** The same for a secret that is stored: typed twice, because nobody sees a typing error. */
  askNewSecret(question: SecretQuestion): Promise<GivenSecret>;
  /**
   * Says why answers cannot be used, so that their questions are asked again.
   *
   * @throws SetupFailed when there is no terminal
   */
  refuse(reason: string, ...questions: readonly { readonly flag: string }[]): void;
  /** Whether a flag answers the question. */
  isAnswered(question: { readonly flag: string }): boolean;
}

export function createInterview(flags: Flags, terminal: Terminal): Interview {
  const hasTerminal = terminal.stdin.isTTY === true;
  /** The flags whose answers cannot be used. */
  const refused = new Set<string>();
  const given = (flag: string): string | undefined => (refused.has(flag) ? undefined : flagValue(flags, flag));
  const say = (...lines: readonly string[]): void =>
    terminal.stderr(lines.map((line) => `${printable(line)}\n`).join(''));
  const read = (prompt: string, echo: 'shown' | 'hidden'): Promise<string> =>
    readLine(printable(prompt), terminal, { echo });
  const secretOfFlags = createFlagSecrets(given, terminal);

  async function ask<Value>(question: Question<Value>, proposal = ''): Promise<Value> {
    const { flag, prompt, about, more, parse } = question;
    const answer = given(flag);
    if (answer !== undefined || !hasTerminal) {
      const parsed = parse(answer ?? proposal);
      if ('value' in parsed) return parsed.value;
      throw new UsageError(`--${flag}: ${parsed.problem}`);
    }
    say('', about);
    for (;;) {
      const line = await read(proposal === '' ? `${prompt}: ` : `${prompt} [${proposal}]: `, 'shown');
      const parsed = line.trim() === '?' ? more : parse(line.trim() === '' ? proposal : line.trim());
      if ('value' in parsed) return parsed.value;
      say(...('problem' in parsed ? [parsed.problem] : parsed).map(indented));
    }
  }

  async function askSecret(question: SecretQuestion, isStored: boolean): Promise<GivenSecret> {
    const { prompt, about, more } = question;
    const answer = await secretOfFlags(question);
    if (answer !== undefined) return answer;
    if (!hasTerminal) throw oneOf(secretFlags(question));
    say('', about);
    for (;;) {
      const typed = await read(`${prompt} (not shown): `, 'hidden');
      if (typed === '?') say(...more.map(indented));
      else if (typed === '') say(indented('expected a password: an empty one would be a login as nobody'));
      else if (isStored && typed !== (await read(`${prompt}, again: `, 'hidden')))
        say(indented('the two passwords differ; type it twice again'));
      else return { secret: new Secret(typed), source: undefined };
    }
  }

  return {
    hasTerminal,
    say,
    ask,
    askSecret: (question) => askSecret(question, false),
    askNewSecret: (question) => askSecret(question, true),
    refuse: (reason, ...questions) => {
      if (!hasTerminal) throw new SetupFailed(reason);
      say(indented(`FAILED: ${reason}`));
      for (const question of questions) for (const flag of allFlags(question)) refused.add(flag);
    },
    isAnswered: (question) => allFlags(question).some((flag) => given(flag) !== undefined),
  };
}

function allFlags(question: { readonly flag: string }): readonly string[] {
  return [question.flag, ...secretFlags(question)];
}

function indented(line: string): string {
  return `  ${line}`;
}

/** A directory could send sequences that the terminal obeys. */
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, ' ');
}
