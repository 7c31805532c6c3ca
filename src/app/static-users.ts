/** Everybody in the files of a configuration's `static-file` backends: the only users that can be listed. */
import { loadIdentities } from '../backends/static-file/users.ts';
import type { BrokerConfig } from '../config/broker-schema.ts';
import type { Caller } from '../core/identity.ts';
import { parseNamePattern } from '../core/policy/name-pattern.ts';

/** @throws UsersFileError when a file cannot be read */
export async function staticUsers({ backends }: BrokerConfig): Promise<readonly Caller[]> {
  const callers: Caller[] = [];
  for (const backend of backends) {
    if (backend.type !== 'static-file') continue;
    for (const identity of await loadIdentities(backend)) {
      if (isOwn(backend.usernames, identity.username)) callers.push({ kind: 'user', identity });
    }
  }
  return callers;
}

function isOwn(usernames: readonly string[] | undefined, name: string): boolean {
  if (usernames === undefined) return true;
  return usernames.some((text) => {
    const pattern = parseNamePattern(text);
    return typeof pattern !== 'string' && pattern.match(name) !== undefined;
  });
}
