/** Regular expressions in RE2's syntax and with its promise: the time grows with the text, whatever the pattern. */
import { RE2JS } from 're2js';

export interface Re2 {
  /** Whether it is found anywhere in the text. */
  test(text: string): boolean;
  /** What its groups hold where it is first found, the whole at 0; undefined where it is not found. */
  groups(text: string): readonly string[] | undefined;
  readonly groupCount: number;
}

/** Patterns of this length compile in well under a millisecond. */
const MAX_LENGTH = 4096;

/** @returns what is wrong with it, when it is none */
export function compileRe2(source: string): Re2 | string {
  if (source.length > MAX_LENGTH) return `has more than ${MAX_LENGTH} characters`;
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(source);
  } catch (error) {
    return `is no RE2 expression: ${error instanceof Error ? error.message : 'it cannot be read'}`;
  }
  return {
    test: (text) => compiled.matcher(text).find(),
    groups: (text) => {
      const matcher = compiled.matcher(text);
      if (!matcher.find()) return undefined;
      // A group that takes no part is empty text, as Go has it.
      return Array.from({ length: matcher.groupCount() + 1 }, (_, index) => matcher.group(index) ?? '');
    },
    groupCount: compiled.groupCount(),
  };
}
