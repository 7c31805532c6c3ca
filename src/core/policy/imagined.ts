/** Callers for a pattern, who are that and nothing else. */
import { groupName } from '../groups.ts';
import { username } from '../identity.ts';
import type { Identity } from '../identity.ts';
import type { CasePair } from './who.ts';

/** A name that no policy contains: it replaces `*` in the name of an imagined caller. */
export const NOBODY = '-';

/** An identity with folded names, as a directory gives them. */
export function imaginedIdentity(name: string, groups: readonly string[]): Identity {
  return {
    username: username(name),
    groups: new Set(groups.map((text) => groupName(text, { lowercase: true }))),
    backend: '',
    caseless: true,
    attributes: new Map(),
  };
}

/** A name that fits the pattern, with the given values for its captures. */
export function filled({ folded }: CasePair, values: ReadonlyMap<string, string>): string {
  return folded.text.replaceAll(/\*|\{([^{}]*)\}/g, (_, name?: string) =>
    name === undefined ? NOBODY : (values.get(name) ?? NOBODY),
  );
}
