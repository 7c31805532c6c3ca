import { expect, it } from 'vitest';
import type { Reader } from '../../../../../src/backends/ldap/wire/search.ts';
import { deadlineIn } from '../../../../../src/core/deadline.ts';
import { groupBase, groupOfDn } from '../../../../../src/backends/ldap/groups/group.ts';
import type { LdapGroup } from '../../../../../src/backends/ldap/groups/group.ts';
import { createParentGroups } from '../../../../../src/backends/ldap/groups/parent-groups.ts';
import { createTtlCaches } from '../../../../../src/backends/ttl-cache.ts';
import { fixedClock } from '../../../../support/fakes.ts';

const BASE = groupBase({ base: 'dc=corp', scope: 'sub' });
const group = (name: string): LdapGroup => groupOfDn(`cn=${name},dc=corp`, ['cn'], BASE);
const reader: Reader = { search: () => Promise.reject(new Error('the search of the test is used')) };

/** @param listed the parent of each group that has one */
function setUp(listed: Readonly<Record<string, string>>) {
  const clock = fixedClock();
  const caches = createTtlCaches(clock);
  const asked: string[][] = [];
  const subject = createParentGroups(async (dns) => {
    asked.push([...dns]);
    return dns.flatMap((dn) => {
      const parent = listed[/cn=([^,]+)/.exec(dn)?.[1] ?? ''];
      return parent === undefined ? [] : [group(parent)];
    });
  }, caches);
  const parents = async (...names: readonly string[]): Promise<readonly string[]> =>
    (await subject.of(names.map(group), reader, deadlineIn(clock, Infinity))).flatMap((one) => one.names);
  return { clock, caches, asked, parents };
}

it('caches that groups have no parent groups, however many were searched together', async () => {
  const { asked, parents } = setUp({});

  expect(await parents('a', 'b', 'c')).toEqual([]);
  expect(await parents('c', 'a')).toEqual([]);
  expect(await parents('B')).toEqual([]);

  expect(asked).toHaveLength(1);
});

it('caches the parent groups of a group that was searched alone', async () => {
  const { asked, parents } = setUp({ a: 'all' });

  expect(await parents('a')).toEqual(['all']);
  expect(await parents('a')).toEqual(['all']);

  expect(asked).toHaveLength(1);
});

it('never gives the parent of one group to another', async () => {
  const { parents } = setUp({ a: 'all' });
  await parents('a', 'b');

  expect(await parents('b')).toEqual([]);
  expect(await parents('a')).toEqual(['all']);
  expect(await parents('a', 'b')).toEqual(['all']);
});

it('searches again after half a minute', async () => {
  const listed: Record<string, string> = {};
  const { clock, parents } = setUp(listed);
  await parents('a');

  listed['a'] = 'all';
  const soon = await parents('a');
  clock.advance(31);

  expect(soon).toEqual([]);
  expect(await parents('a')).toEqual(['all']);
});

it('searches at most fifty groups at a time', async () => {
  const { asked, parents } = setUp({});

  await parents(...[...Array(120).keys()].map((n) => `g${n}`));

  expect(asked.map((dns) => dns.length)).toEqual([50, 50, 20]);
});

it('searches again after a flush', async () => {
  const { caches, asked, parents } = setUp({ a: 'all' });
  await parents('a');

  caches.flush();
  await parents('a');

  expect(asked).toHaveLength(2);
});

it('does not cache the result of a search that was under way during a flush', async () => {
  const clock = fixedClock();
  const caches = createTtlCaches(clock);
  const answers: PromiseWithResolvers<readonly LdapGroup[]>[] = [];
  const subject = createParentGroups(() => {
    answers.push(Promise.withResolvers());
    return answers.at(-1)?.promise ?? Promise.resolve([]);
  }, caches);
  const parents = () => subject.of([group('a')], reader, deadlineIn(clock, Infinity));

  const before = parents();
  caches.flush();
  answers[0]?.resolve([group('old')]);
  const after = parents();
  answers[1]?.resolve([group('new')]);

  expect((await before).map(({ names }) => names[0])).toEqual(['old']);
  expect((await after).map(({ names }) => names[0])).toEqual(['new']);
  expect((await parents()).map(({ names }) => names[0])).toEqual(['new']);
});
