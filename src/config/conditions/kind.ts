/** What the policy file needs to know of a kind of condition. */
import type { z } from 'zod';
import type { Condition } from '../../core/policy/condition.ts';

export interface ConditionKind {
  /** The key of a rule. */
  readonly key: string;
  /** For the JSON Schema, editors and error messages. */
  readonly description: string;
  readonly schema: z.ZodType<Condition>;
  /** `first-match`: for imported policies only. */
  readonly evaluation: 'any' | 'first-match';
  /** Values as written in YAML, some that overlap and some that do not. Property tests build rules from them. */
  readonly examples: readonly unknown[];
}

/** Reports a problem whose message is a complete sentence, and is not combined with the value that was found. */
export function reportSentence(context: z.core.$RefinementCtx, path: readonly (string | number)[], message: string) {
  context.addIssue({ code: 'custom', path: [...path], message, input: undefined, params: { isSentence: true } });
}
