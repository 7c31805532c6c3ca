/** Chooses checks by id, or by a pattern with `*`. */
import type { Check } from './check.ts';

export interface Selection {
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

function matches(id: string, pattern: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.\\+?^${}()|[\]]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('.*')}$`).test(id);
}
