/** Groups of a real Active Directory, with each value of groups.nested. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openConnection } from '../../src/backends/ldap/wire/connection.ts';
import type { LdapConnection } from '../../src/backends/ldap/wire/connection.ts';
import { deadlineIn } from '../../src/core/deadline.ts';
import { parseEndpoint } from '../../src/backends/ldap/wire/endpoint.ts';
import { ANY_ENTRY, encodeFilter } from '../../src/backends/ldap/wire/filter.ts';
import { allValues } from '../../src/backends/ldap/groups/ranged-values.ts';
import { loadTlsContext } from '../../src/backends/ldap/wire/tls-context.ts';
import { Secret } from '../../src/core/identity.ts';
import { realClock } from '../support/fakes.ts';
import { createDomainBackend } from '../support/domain-backend.ts';
import { identityOf, plainGroups } from '../support/ldap-backend.ts';
import { AD_BASE_DN, AD_GROUPS_DN, AD_SERVICE, canRunSamba, startSamba } from '../support/samba.ts';
import type { Samba } from '../support/samba.ts';

const PASSWORD = 'Binds-with-this-1';
/** groupType ([MS-ADTS] 2.2.12): a global distribution group, which is for mail and gives no rights in Windows. */
const DISTRIBUTION = '2';

/** The relative id at the end of a SID ([MS-DTYP] 2.4.2). */
const relativeId = (sid: Buffer): string => String(sid.readUInt32LE(sid.length - 4));

describe.skipIf(!canRunSamba())('acceptance 4: the groups of a user of Active Directory', () => {
  const resources = new AsyncDisposableStack();
  let samba: Samba;
  let alice: string;

  beforeAll(async () => {
    samba = resources.use(await startSamba());
    alice = await samba.addUser('alice', PASSWORD);
    await samba.addUser('carol', PASSWORD);
    // alice is in Child in Parent in Grandparent, which is again in Child: a cycle.
    const child = await samba.addGroup('Child', [alice]);
    const parent = await samba.addGroup('Parent', [child]);
    const grandparent = await samba.addGroup('Grandparent', [parent]);
    await samba.replace(child, { member: [alice, grandparent] });
    const staff = await samba.addGroup('Staff', [alice]);
    const news = await samba.addGroup('News', [alice], { groupType: DISTRIBUTION });
    await samba.addGroup('All-News', [news], { groupType: DISTRIBUTION });
    await samba.addGroup('Others', []);
    // The primary group no longer lists alice as a member.
    await samba.replace(alice, { primaryGroupID: relativeId(await samba.readBytes(staff, 'objectSid')) });
    await samba.replace(AD_BASE_DN, { lockoutThreshold: '0' });
  });
  afterAll(() => resources.disposeAsync());

  const SECURITY = ['child', 'grandparent', 'parent', 'staff'];
  const EXPECTED = [
    ['tokenGroups', SECURITY],
    ['auto', SECURITY],
    ['inChain', SECURITY],
    ['levels', SECURITY],
    ['off', ['child', 'staff']],
  ] as const;

  it.each(EXPECTED)('finds the security groups of a user with nested: %s: %j', async (nested, expected) => {
    await using backend = await createDomainBackend(samba, { groups: { base: AD_GROUPS_DN, nested } });

    const identity = await identityOf(backend, { username: 'alice', password: PASSWORD });

    expect(new Set(plainGroups(identity))).toEqual(new Set(expected));
    expect(identity.groups).toContain('cn=child,ou=groups,dc=example,dc=test');
  });

  it.each([
    // The token has all security groups. Distribution groups are found when they list the user.
    ['tokenGroups', [...SECURITY, 'news']],
    ['auto', [...SECURITY, 'news']],
    ['inChain', [...SECURITY, 'news', 'all-news']],
    ['levels', [...SECURITY, 'news', 'all-news']],
    ['off', ['child', 'staff', 'news']],
  ] as const)('finds distribution groups too with nested: %s and distribution: true: %j', async (nested, expected) => {
    await using backend = await createDomainBackend(samba, {
      groups: { base: AD_GROUPS_DN, nested, distribution: true },
    });

    const identity = await identityOf(backend, { username: 'alice', password: PASSWORD });

    expect(new Set(plainGroups(identity))).toEqual(new Set(expected));
  });

  it.each(EXPECTED)('finds no groups with nested: %s for a user whose groups are outside the base', async (nested) => {
    await using backend = await createDomainBackend(samba, { groups: { base: AD_GROUPS_DN, nested } });

    const { groups } = await identityOf(backend, { username: 'carol', password: PASSWORD });

    // Domain Users, the primary group of carol, is outside the base.
    expect([...groups]).toEqual([]);
  });

  it('finds the same groups in a lookup without a password', async () => {
    await using backend = await createDomainBackend(samba);
    const { groups } = await identityOf(backend, { username: 'alice', password: PASSWORD });

    const found = await backend.lookup?.('alice', deadlineIn(realClock, 8000));

    expect(found?.groups).toEqual(groups);
  });

  // Samba sends ranges only on request, so the test requests the first range that Windows would send.
  it.each([0, 1])(
    'acceptance 14: reads all groups from a server that sends ranges, after the range 0-%i',
    async (last) => {
      const deadline = deadlineIn(realClock, 8000);
      using connection = await serviceConnection(samba);
      const read = async (attribute: string) => {
        const request = {
          base: alice,
          scope: 'base',
          filter: encodeFilter(ANY_ENTRY),
          attributes: [attribute],
        } as const;
        const [entry] = (await connection.search(request, deadline)).entries;
        if (entry === undefined) throw new Error(`${alice} cannot be read`);
        return entry;
      };
      const all = (await read('memberOf')).texts('memberOf');

      const first = await read(`memberOf;range=0-${last}`);
      const found = await allValues(first, 'memberOf', connection, deadline);

      expect(first.names).toContain(`memberof;range=0-${last}`);
      expect(found.length).toBeGreaterThan(last + 1);
      expect(found.toSorted()).toEqual(all.toSorted());
    },
  );
});

async function serviceConnection(samba: Samba): Promise<LdapConnection> {
  const endpoint = parseEndpoint(samba.ldapsUrl);
  if (typeof endpoint === 'string') throw new Error(endpoint);
  const deadline = deadlineIn(realClock, 8000);
  const options = {
    mode: 'ldaps',
    tlsContext: await loadTlsContext({ caFile: samba.caFile, certFile: undefined, keyFile: undefined }),
    serverName: 'localhost',
    timeout: 4000,
    operationTimeout: 4000,
  } as const;
  const connection = await openConnection(endpoint, options, deadline);
  await connection.bind(AD_SERVICE.dn, new Secret(AD_SERVICE.password), deadline);
  return connection;
}
