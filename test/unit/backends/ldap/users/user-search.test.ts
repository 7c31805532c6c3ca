/** Answers that servers are documented to give, from a stand-in. */
import { expect, it } from 'vitest';
import { ldapConfig } from '../../../../../src/backends/ldap/config/config.ts';
import { createUserSearch } from '../../../../../src/backends/ldap/users/user-search.ts';
import type { Reader } from '../../../../../src/backends/ldap/wire/search.ts';
import { entryOf } from '../../../../support/ldap-entry.ts';
import { deadlineIn } from '../../../../../src/core/deadline.ts';
import { realClock } from '../../../../support/fakes.ts';

const BASE = 'dc=corp,dc=example';
const search = createUserSearch(
  ldapConfig.parse({
    type: 'ldap',
    name: 'corp',
    preset: 'google-secure-ldap',
    urls: ['ldaps://h'],
    users: { base: BASE },
  }),
);

/** A server that answers noSuchObject to every search, as Google does for an unknown user. */
function readerWith(existing: readonly string[]): Reader {
  return {
    search: async ({ base, scope }) => {
      const exists = scope === 'base' && existing.includes(base);
      return { code: exists ? 0 : 32, diagnostic: '', entries: exists ? [entryOf({ dn: base })] : [] };
    },
  };
}

it.each([
  ['one user, who is found twice by aliases', ['uid=a,dc=corp', 'UID=a, DC=corp'], 'found'],
  ['several users', ['uid=a,dc=corp', 'uid=b,dc=corp'], 'ambiguous'],
])('finds %s', async (_what, dns, kind) => {
  const reader: Reader = {
    search: async () => ({ code: 0, diagnostic: '', entries: dns.map((dn) => entryOf({ dn })) }),
  };

  expect(await search.find(reader, 'a', deadlineIn(realClock, 1000))).toMatchObject({ kind });
});

it('finds no user when the server answers noSuchObject and the base exists', async () => {
  expect(await search.find(readerWith([BASE]), 'nobody', deadlineIn(realClock, 1000))).toEqual({ kind: 'none' });
});

it('fails when the base does not exist', async () => {
  await expect(search.find(readerWith([]), 'nobody', deadlineIn(realClock, 1000))).rejects.toMatchObject({
    kind: 'misconfigured',
  });
});
