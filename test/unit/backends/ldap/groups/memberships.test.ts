import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { ldapConfig } from '../../../../../src/backends/ldap/config/config.ts';
import type { Reader, SearchRequest } from '../../../../../src/backends/ldap/wire/search.ts';
import { deadlineIn } from '../../../../../src/core/deadline.ts';
import { createDomainCache } from '../../../../../src/backends/ldap/attempt/active-directory.ts';
import { entryOf } from '../../../../support/ldap-entry.ts';
import type { LdapEntry } from '../../../../../src/backends/ldap/wire/entry.ts';
import { createMemberships } from '../../../../../src/backends/ldap/groups/memberships.ts';
import { createTtlCaches } from '../../../../../src/backends/ttl-cache.ts';
import { fixedClock } from '../../../../support/fakes.ts';

const clock = fixedClock();
const deadline = deadlineIn(clock, Infinity);
const GROUPS = 'OU=Groups,DC=corp';
const sid = (last: number): Buffer => Buffer.concat([DOMAIN_SID, Buffer.from([last & 0xff, last >> 8, 0, 0])]);
/** S-1-5-21-1-2-255-…: the byte 0xff is not valid UTF-8. */
const DOMAIN_SID = Buffer.from('0105000000000005150000000100000002000000ff000000', 'hex');

interface FakeGroup {
  readonly name: string;
  readonly sid: Buffer;
  readonly dn: string;
  /** More values of cn than the one in the DN. */
  readonly more?: readonly string[];
  readonly isDistribution?: boolean;
}

const BIT_AND = '1.2.840.113556.1.4.803';
const group = (name: string, last: number): FakeGroup => ({ name, sid: sid(last), dn: `CN=${name},${GROUPS}` });
const [WEB, ALL, PRIMARY] = [group('web', 1101), group('all', 1102), group('primary', 1103)];
const NEWS: FakeGroup = { ...group('news', 1104), isDistribution: true };
/** The groups that list alice herself. */
const DIRECT = new Set(['web', 'news']);

const alice = entryOf({
  dn: 'CN=alice,DC=corp',
  memberOf: [WEB.dn, NEWS.dn],
  objectSid: sid(1000),
  primaryGroupID: '1103',
});

/** A reader like Active Directory: it finds the groups whose SID, or whose member, is in the filter. */
function directory({
  capable = true,
  token = [] as readonly Buffer[],
  groups = [WEB, ALL, PRIMARY, NEWS] as readonly FakeGroup[],
} = {}) {
  const asked: SearchRequest[] = [];
  const reader: Reader = {
    search: async (request) => {
      asked.push(request);
      return { code: 0, diagnostic: '', entries: answer(request) };
    },
  };
  function answer({ base, filter, attributes }: SearchRequest): LdapEntry[] {
    if (base === '') {
      return [entryOf({ dn: '', supportedCapabilities: capable ? ['1.2.840.113556.1.4.800'] : [] })];
    }
    if (attributes.includes('tokenGroups')) return [entryOf({ dn: base, tokenGroups: [...token] })];
    return groups
      .filter(({ isDistribution = false }) => !isDistribution || !filter.includes(BIT_AND))
      .filter(
        ({ sid: own, name }) =>
          filter.includes(own) ||
          (name === 'all' && filter.includes(WEB.dn)) ||
          (DIRECT.has(name) && filter.includes(alice.dn)),
      )
      .map(({ name, sid: own, dn, more = [] }) => entryOf({ dn, cn: [name, ...more], objectSid: own }));
  }
  return { reader, asked };
}

function memberships(groups: Partial<z.input<typeof ldapConfig>['groups']> = {}) {
  const config = ldapConfig.parse({
    type: 'ldap',
    name: 'corp',
    preset: 'active-directory',
    urls: ['ldaps://dc1'],
    users: { base: 'DC=corp' },
    groups: { base: GROUPS, ...groups },
  });
  return createMemberships(config, { domain: createDomainCache(clock), caches: createTtlCaches(clock) });
}

const plain = (names: ReadonlySet<string>): readonly string[] =>
  [...names].filter((name) => !name.includes('=')).toSorted();

describe('the groups of a user in Active Directory', () => {
  it('finds groups in the token, with one search for all of them', async () => {
    const { reader, asked } = directory({ token: [WEB, ALL, PRIMARY].map((one) => one.sid) });

    const names = plain(await memberships().of(alice, reader, deadline));

    expect(names).toEqual(['all', 'primary', 'web']);
    expect(asked.map(({ base }) => base)).toEqual(['', alice.dn, GROUPS]);
  });

  it('caches groups by their SIDs', async () => {
    const subject = memberships();
    const { reader, asked } = directory({ token: [WEB, ALL, PRIMARY, group('gone', 1999)].map((one) => one.sid) });
    await subject.of(alice, reader, deadline);

    const names = plain(await subject.of(alice, reader, deadline));

    expect(names).toEqual(['all', 'primary', 'web']);
    expect(asked.slice(3).map(({ base }) => base)).toEqual([alice.dn]);
  });

  it('searches groups by a hundred SIDs at a time', async () => {
    const many = [...Array(250).keys()].map((n) => group(`g${n}`, 2000 + n));
    const { reader, asked } = directory({ token: many.map((one) => one.sid), groups: many });

    const names = plain(await memberships().of(alice, reader, deadline));

    expect(names).toHaveLength(250);
    expect(asked.filter(({ base }) => base === GROUPS)).toHaveLength(3);
  });

  it.each<[string, { capable?: boolean; token?: readonly Buffer[] }]>([
    ['the server is not Active Directory', { capable: false, token: [WEB.sid] }],
    ['the token cannot be read', { token: [] }],
  ])('finds groups level by level when %s, including the primary group', async (_why, given) => {
    const { reader, asked } = directory(given);

    const names = plain(await memberships().of(alice, reader, deadline));

    expect(names).toEqual(['all', 'primary', 'web']);
    expect(asked.some(({ filter }) => filter.includes('1.2.840.113556.1.4.1941'))).toBe(false);
  });

  it('uses the matching rule of Active Directory with nested: inChain', async () => {
    const { reader, asked } = directory();

    await memberships({ nested: 'inChain' }).of(alice, reader, deadline);

    const last = asked.at(-1)?.filter;
    expect(last?.includes('1.2.840.113556.1.4.1941')).toBe(true);
    expect(last?.includes(alice.dn)).toBe(true);
    expect(last?.includes(PRIMARY.dn)).toBe(true);
  });

  it.each(['inChain', 'tokenGroups'] as const)(
    'fails with nested: %s when the server is not Active Directory',
    async (nested) => {
      const { reader } = directory({ capable: false });

      await expect(memberships({ nested }).of(alice, reader, deadline)).rejects.toMatchObject({
        kind: 'misconfigured',
      });
    },
  );

  it('fails with nested: tokenGroups when the token is not readable', async () => {
    const { reader } = directory({ token: [] });

    await expect(memberships({ nested: 'tokenGroups' }).of(alice, reader, deadline)).rejects.toThrow(
      'Windows Authorization Access Group',
    );
  });

  it('finds the direct groups and the primary group with nested: off', async () => {
    const { reader } = directory({ token: [ALL.sid] });

    expect(plain(await memberships({ nested: 'off' }).of(alice, reader, deadline))).toEqual(['primary', 'web']);
  });

  it.each(['tokenGroups', 'auto', 'inChain', 'levels', 'off'] as const)(
    'include a distribution group only where it is configured, with nested: %s',
    async (nested) => {
      const { reader } = directory({ token: [WEB.sid] });

      expect(plain(await memberships({ nested }).of(alice, reader, deadline))).not.toContain('news');
      expect(plain(await memberships({ nested, distribution: true }).of(alice, reader, deadline))).toContain('news');
    },
  );
});

describe('a group', () => {
  const named = async (one: FakeGroup, groups: Parameters<typeof memberships>[0] = {}) => {
    const { reader } = directory({ token: [one.sid], groups: [one] });
    return plain(await memberships(groups).of(alice, reader, deadline));
  };

  it('has the name in its RDN, and no further value of cn', async () => {
    expect(await named({ ...WEB, more: ['api', 'admins'] })).toEqual(['web']);
  });

  it('has no plain name where its attribute, which is not in the RDN, has several values', async () => {
    const renamed = { ...WEB, dn: `OU=renamed,${GROUPS}` };

    expect(await named(renamed)).toEqual(['web']);
    expect(await named({ ...renamed, more: ['api'] })).toEqual([]);
  });
});
