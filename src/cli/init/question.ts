/** The questions of `fairlead init`. Each has a flag, which gives its answer without the question. */
import { Option } from 'commander';
import type { Command } from 'commander';

type Answer<Value> = { readonly value: Value } | { readonly problem: string };

export interface Question<Value> {
  /** The flag without its dashes: `users-base`. */
  readonly flag: string;
  /** What the flag takes, in its help: `dn`. */
  readonly placeholder: string;
  readonly prompt: string;
  /** On one line. Also the help of the flag. */
  readonly about: string;
  /** Printed for the answer `?`. */
  readonly more: readonly string[];
  /** A problem says what was expected, or what to do. */
  readonly parse: (text: string) => Answer<Value>;
}

/** A password. Its flags name a file, a variable or standard input, and never the password itself. */
export interface SecretQuestion extends Omit<Question<never>, 'placeholder' | 'parse'> {
  /** What the secret is, for the help of its flags: `the password of the service account`. */
  readonly name: string;
}

/** What was given on the command line, by the names of commander: `usersBase`. */
export type Flags = Readonly<Record<string, unknown>>;

export function addFlags(command: Command, questions: readonly Question<unknown>[]): void {
  for (const { flag, placeholder, about } of questions)
    command.addOption(new Option(`--${flag} <${placeholder}>`, flagHelp(about)));
}

export function addSecretFlags(command: Command, questions: readonly SecretQuestion[]): void {
  for (const question of questions) {
    const [file = '', env = '', stdin = ''] = secretFlags(question);
    command.option(`--${file} <file>`, `a file that has ${question.name}`);
    command.option(`--${env} <name>`, `an environment variable that has ${question.name}`);
    command.option(`--${stdin}`, `the first line of standard input is ${question.name}`);
  }
}

/** The flags of a secret: for a file, for a variable, and for standard input. */
export function secretFlags({ flag }: { readonly flag: string }): readonly string[] {
  return [`${flag}-file`, `${flag}-env`, `${flag}-stdin`];
}

/** @returns undefined when the flag was not given */
export function flagValue(flags: Flags, flag: string): string | undefined {
  const value = flags[flag.replaceAll(/-([a-z])/g, (_dash, letter: string) => letter.toUpperCase())];
  return typeof value === 'string' ? value : value === true ? 'yes' : undefined;
}

/** A text that must not be empty. @param problemOf returns what is wrong with it, as a sentence */
export function text(problemOf: (text: string) => string | undefined): (answer: string) => Answer<string> {
  return (answer) => {
    const problem = answer === '' ? 'expected an answer; ? explains the question' : problemOf(answer);
    return problem === undefined ? { value: answer } : { problem };
  };
}

/** One of some words, or the beginning of one that fits no other. */
export function choice<const Word extends string>(words: readonly Word[]): (answer: string) => Answer<Word> {
  return (answer) => {
    const exact = words.filter((word) => word === answer);
    const fitting = exact.length > 0 ? exact : words.filter((word) => word.startsWith(answer.toLowerCase()));
    const [value] = fitting;
    if (value !== undefined && fitting.length === 1 && answer !== '') return { value };
    return { problem: `expected one of ${words.join(', ')}` };
  };
}

/** The texts of options have no full stop. */
function flagHelp(about: string): string {
  return about.replace(/\.$/, '');
}
