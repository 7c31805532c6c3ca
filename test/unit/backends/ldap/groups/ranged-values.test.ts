import { describe, expect, it } from 'vitest';
import type { Reader, SearchRequest } from '../../../../../src/backends/ldap/wire/search.ts';
import { deadlineIn } from '../../../../../src/core/deadline.ts';
import { entryOf } from '../../../../support/ldap-entry.ts';
import { allValues } from '../../../../../src/backends/ldap/groups/ranged-values.ts';
import { fixedClock } from '../../../../support/fakes.ts';

const DN = 'cn=alice,dc=corp';
const deadline = deadlineIn(fixedClock(), Infinity);

/** Sends two values at a time, as Active Directory sends 1500. */
function inRanges(values: readonly string[], asked: SearchRequest[] = []): Reader {
  return {
    search: async (request) => {
      asked.push(request);
      const from = Number(/range=(\d+)-\*/.exec(request.attributes[0] ?? '')?.[1]);
      const last = from + 2 >= values.length ? '*' : from + 1;
      const entry = entryOf({ dn: DN, [`memberOf;range=${from}-${last}`]: values.slice(from, from + 2) });
      return { code: 0, diagnostic: '', entries: [entry] };
    },
  };
}

describe('allValues', () => {
  it('does not search again when the entry has all values', async () => {
    const asked: SearchRequest[] = [];

    const values = await allValues(
      entryOf({ dn: DN, memberof: ['a', 'b'] }),
      'memberOf',
      inRanges([], asked),
      deadline,
    );

    expect(values).toEqual(['a', 'b']);
    expect(asked).toEqual([]);
  });

  it('reads all values of an attribute with ranges', async () => {
    const all = ['a', 'b', 'c', 'd', 'e'];
    const first = entryOf({ dn: DN, memberOf: [], 'memberOf;range=0-1': ['a', 'b'] });

    expect(await allValues(first, 'memberOf', inRanges(all), deadline)).toEqual(all);
  });

  it.each([
    ['the entry was deleted', []],
    ['the next values are missing', [entryOf({ dn: DN })]],
    ['the next values have no range', [entryOf({ dn: DN, memberOf: ['c'] })]],
  ])('fails instead of leaving values out when %s', async (_why, entries) => {
    const first = entryOf({ dn: DN, 'memberOf;range=0-1': ['a', 'b'] });
    const reader: Reader = { ...inRanges([]), search: async () => ({ code: 0, diagnostic: '', entries }) };

    await expect(allValues(first, 'memberOf', reader, deadline)).rejects.toMatchObject({ name: 'DirectoryFault' });
  });
});
