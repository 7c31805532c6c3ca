/** The course of `fairlead init`: all questions, and from the answers the files. */
import { systemClock } from '../../platform/clock.ts';
import { UsageError } from '../command.ts';
import { brokerText } from './broker-file.ts';
import { existingFiles } from './install.ts';
import type { NewFile } from './install.ts';
import type { Interview } from './interview.ts';
import { askPolicy, GROUP, policyText } from './policy.ts';
import { flagValue } from './question.ts';
import type { Flags, Question, SecretQuestion } from './question.ts';
import { askRegistry, FOLDER, PUBLIC_URL, REGISTRY } from './registry.ts';
import type { RegistryAnswers } from './registry.ts';
import type { Source } from './source.ts';
import { SOURCE } from './sources.ts';

export const BROKER_FILE = 'broker.yaml';
const POLICY_FILE = 'policy.yaml';
const DEFAULT_FOLDER = 'mine';

export interface Setup {
  readonly folder: string;
  readonly files: readonly NewFile[];
  /** Whether files that are there already may be replaced. */
  readonly overwrite: boolean;
  readonly registry: RegistryAnswers;
  /** The name of somebody who can log in; undefined: nobody has tried. */
  readonly username: string | undefined;
}

const INTRODUCTION =
  'Enter takes the answer in [brackets], ? explains a question, and Ctrl-C ends without writing anything.';

const OVERWRITE: Question<'yes' | 'no'> = {
  flag: 'force',
  placeholder: '',
  prompt: 'Replace them',
  about: '',
  more: [
    'With yes, the new files replace them at the end, when all questions are answered. With no, nothing is written.',
  ],
  parse: (answer) => {
    if (answer === 'yes' || answer === 'no') return { value: answer };
    return { problem: 'expected yes or no' };
  },
};

/** @throws UsageError, SetupFailed or Interrupted; nothing is written then */
export async function askSetup(interview: Interview, flags: Flags): Promise<Setup> {
  requireFlags(interview, flags);
  if (interview.hasTerminal) interview.say(INTRODUCTION);
  const folder = await interview.ask(FOLDER, DEFAULT_FOLDER);
  const registry = await askRegistry(interview);
  const source = await interview.ask(SOURCE);
  const overwrite = await mayOverwrite(interview, folder, source);
  const { backend, files, member } = await source.ask({ interview, clock: systemClock, log: SILENT });
  const policy = await askPolicy(interview, member);
  return {
    folder,
    overwrite,
    registry,
    username: member?.username,
    files: [
      { name: BROKER_FILE, text: brokerText({ ...registry, isPublic: policy.isPublic, backend }), isSecret: false },
      { name: POLICY_FILE, text: policyText(policy), isSecret: false },
      ...files,
    ],
  };
}

/** What backends would log is in the steps that are printed. */
const SILENT = { debug: ignore, info: ignore, warn: ignore, error: ignore };

function ignore(): void {}

/** @throws UsageError with all flags that are missing where nobody can be asked */
function requireFlags(interview: Interview, flags: Flags): void {
  if (interview.hasTerminal) return;
  const parsed = SOURCE.parse(flagValue(flags, SOURCE.flag) ?? '');
  const ofSource = 'value' in parsed ? parsed.value.required(flags) : [];
  const required = [REGISTRY, PUBLIC_URL, SOURCE, ...ofSource, GROUP];
  const missing = required.filter((question) => !interview.isAnswered(question));
  if (missing.length === 0) return;
  const lines = missing.map(flagLine);
  throw new UsageError(['there is no terminal for questions; expected these flags as well:', ...lines].join('\n'));
}

function flagLine(question: Question<unknown> | SecretQuestion): string {
  const { flag, about } = question;
  if ('placeholder' in question) return `  ${`--${flag} <${question.placeholder}>`.padEnd(38)} ${about}`;
  return `  ${`--${flag}-file, -env or -stdin`.padEnd(38)} Where ${question.name} is.`;
}

async function mayOverwrite(interview: Interview, folder: string, { writes }: Source): Promise<boolean> {
  const existing = await existingFiles(folder, [BROKER_FILE, POLICY_FILE, ...writes]);
  if (existing.length === 0) return false;
  if (interview.isAnswered(OVERWRITE)) return true;
  const refusal = 'nothing was written: choose another --out, or replace them with --force';
  if (!interview.hasTerminal) throw new UsageError(`${existing.join(', ')} exist already; ${refusal}`);
  const question = { ...OVERWRITE, about: `These files exist already: ${existing.join(', ')}.` };
  if ((await interview.ask(question, 'no')) === 'yes') return true;
  throw new UsageError(refusal);
}
