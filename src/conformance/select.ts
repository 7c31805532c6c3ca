/** Chooses checks by id, or by a pattern with `*`. */
import type { Check } from './check.ts';

interface Selection {
  /** Empty: all. */
  readonly only: readonly string[];
  readonly skip: readonly string[];
}

/** A pattern that matches no check: a typing mistake would run nothing and succeed. */
export class UnknownCheck extends Error {
  override readonly name = 'UnknownCheck';
}

/** @throws UnknownCheck */
export function selectChecks(checks: readonly Check[], { only, skip }: Selection): readonly Check[] {
  for (const pattern of [...only, ...skip]) {
    if (!checks.some(({ id }) => matches(id, pattern))) {
      throw new UnknownCheck(`no check is called "${pattern}"; --list prints their ids`);
    }
  }
  return checks.filter(
    ({ id }) =>
      (only.length === 0 || only.some((pattern) => matches(id, pattern))) &&
      !skip.some((pattern) => matches(id, pattern)),
  );
}

/** Whether the pattern, in which `*` stands for any text, is the whole id. */
function matches(id: string, pattern: string): boolean {
  const [start = '', ...rest] = pattern.split('*');
  const end = rest.pop();
  if (end === undefined) return id === start;
  if (!id.startsWith(start)) return false;
  let position = start.length;
  for (const part of rest) {
    const found = id.indexOf(part, position);
    if (found < 0) return false;
    position = found + part.length;
  }
  return id.length - end.length >= position && id.endsWith(end);
}
