/** A finding of lint about a rule. */
import type { Rule } from '../rule.ts';

const FINDING_CODES = [
  'push-without-pull',
  'same-name',
  'never-applies',
  'adds-nothing',
  'unreachable',
  'eaten-by-deny',
  'deny-without-bite',
  'matches-no-repository',
  'wide-write',
  'wide-read',
  'open-catalog',
  'no-such-service',
  'no-such-group',
  'no-such-user',
  'no-such-robot',
  'unused-robot',
  'unused-owner',
  'robots-not-denied',
  'no-such-value',
  'same-in-lower-case',
  'other-case',
  'unused-role',
  'no-tests',
] as const;
export type FindingCode = (typeof FINDING_CODES)[number];

export interface Finding {
  readonly code: FindingCode;
  /** `warning`: almost certainly a mistake; `hint`: possibly intended. */
  readonly severity: 'warning' | 'hint';
  readonly rule: Rule;
  /** Continues a sentence after the name of the rule: `adds nothing: …`. */
  readonly message: string;
  /** What to do about it. */
  readonly cure: string;
}

/** What was not examined to the end, so that there may be more findings. */
export interface Gap {
  /** Undefined: it is about the whole policy. */
  readonly rule: Rule | undefined;
  /** With a rule, it continues a sentence after its name. */
  readonly message: string;
}

/** `rule "teams" (line 12)` */
export function named({ name, line }: Rule): string {
  return `rule "${name}" (line ${line})`;
}
