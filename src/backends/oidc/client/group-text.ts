/** A claim of groups that is a text and not a list. */
import { forLog } from '../for-log.ts';
import { looksLikeList } from '../list-text.ts';

export const GROUP_TEXTS = ['single', 'comma-separated', 'space-separated', 'json'] as const;
export type GroupText = (typeof GROUP_TEXTS)[number];

/**
 * @param as how the configuration says to read it; undefined: as one group, unless it looks like a list
 * @returns the groups, or a sentence without a subject that says what is wrong
 */
export function groupsInText(text: string, as: GroupText | undefined): readonly unknown[] | string {
  switch (as) {
    case 'single':
      return [text];
    case 'comma-separated':
      return nonEmpty(text.split(',').map((name) => name.trim()));
    case 'space-separated':
      return nonEmpty(text.split(/\s+/));
    case 'json':
      return listInJson(text) ?? `is ${forLog(text)}, expected a list in JSON, as claims.groupText says`;
    case undefined:
      return looksLikeList(text) ? listProblem(text) : nonEmpty([text]);
  }
}

function listProblem(text: string): string {
  const guess: GroupText =
    listInJson(text) !== undefined ? 'json' : text.includes(',') ? 'comma-separated' : 'space-separated';
  return (
    `is the text ${forLog(text)}, which looks like a list: let the provider send a list of texts, or set ` +
    `claims.groupText to ${guess} if it is one, and to single if it is the name of one group`
  );
}

function listInJson(text: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function nonEmpty(names: readonly string[]): readonly string[] {
  return names.filter((name) => name !== '');
}
