/** What `fairlead init` asks about one kind of source of accounts. */
import type { Clock, Log } from '../../core/ports.ts';
import type { NewFile } from './install.ts';
import type { Interview } from './interview.ts';
import type { Flags, Question, SecretQuestion } from './question.ts';

export interface SourceDeps {
  readonly interview: Interview;
  readonly clock: Clock;
  readonly log: Log;
}

/** Somebody who can log in, for the first rule and its tests. */
export interface Member {
  readonly username: string;
  readonly groups: readonly string[];
}

export interface SourceAnswers {
  /** The entry of `backends` in broker.yaml. */
  readonly backend: Readonly<Record<string, unknown>>;
  /** The files that the entry names, such as the one with a password. */
  readonly files: readonly NewFile[];
  /** Undefined: nobody has tried to log in. */
  readonly member: Member | undefined;
}

export interface Source {
  /** The answer that chooses it. */
  readonly name: string;
  readonly about: string;
  readonly questions: readonly Question<unknown>[];
  readonly secrets: readonly SecretQuestion[];
  /** What has no answer without a terminal unless a flag gives it. */
  readonly required: (flags: Flags) => readonly (Question<unknown> | SecretQuestion)[];
  /** The files that it may write next to broker.yaml. */
  readonly writes: readonly string[];
  ask(deps: SourceDeps): Promise<SourceAnswers>;
}
