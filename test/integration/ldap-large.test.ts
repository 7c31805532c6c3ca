import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TAG, element, readHeader, text } from '../../src/backends/ldap/wire/ber.ts';
import { openConnection } from '../../src/backends/ldap/wire/connection.ts';
import type { LdapConnection } from '../../src/backends/ldap/wire/connection.ts';
import { deadlineIn } from '../../src/core/deadline.ts';
import { parseEndpoint } from '../../src/backends/ldap/wire/endpoint.ts';
import { ANY_ENTRY, encodeFilter } from '../../src/backends/ldap/wire/filter.ts';
import { loadTlsContext } from '../../src/backends/ldap/wire/tls-context.ts';
import { realClock } from '../support/fakes.ts';
import { createLdap, identityOf, plainGroups } from '../support/ldap-backend.ts';
import { BASE_DN, GROUPS_DN, PEOPLE, PEOPLE_DN, POSIX_GROUPS_DN } from '../support/slapd-entries.ts';
import { canRunSlapd, startSlapd } from '../support/slapd.ts';
import type { Slapd } from '../support/slapd.ts';
import { startTcpStandIn } from '../support/tcp-stand-in.ts';

const absent = !canRunSlapd();
const { alice, carol } = PEOPLE;
const MANY_DN = `ou=many,${BASE_DN}`;
const count = (n: number): readonly number[] => [...Array(n).keys()];
const soon = () => deadlineIn(realClock, 8000);

/** Groups with 20 000 members, one of them carol, and 2 000 groups that carol is in. */
const LARGE = `
dn: cn=everybody,${GROUPS_DN}
objectClass: groupOfUniqueNames
${count(20_000)
  .map((n) => `uniqueMember: uid=u${n},${PEOPLE_DN}`)
  .join('\n')}
uniqueMember: ${carol.dn}

dn: cn=all-posix,${POSIX_GROUPS_DN}
objectClass: posixGroup
gidNumber: 6000
${count(20_000)
  .map((n) => `memberUid: u${n}`)
  .join('\n')}
memberUid: carol

dn: ${MANY_DN}
objectClass: organizationalUnit

${count(2000)
  .map((n) => `dn: cn=g${n},${MANY_DN}\nobjectClass: groupOfNames\nmember: ${carol.dn}\n`)
  .join('\n')}`;

describe.skipIf(absent)('acceptance 14: large groups and many of them, on OpenLDAP', () => {
  let slapd: Slapd;
  beforeAll(async () => {
    slapd = await startSlapd({
      ldif: LARGE,
      // No more than 500 entries in an answer, or in a page.
      globalConfig: 'sizelimit size.soft=500 size.hard=500 size.prtotal=unlimited',
    });
  });
  afterAll(() => slapd[Symbol.asyncDispose]());

  it('finds posixGroups by uid and by primary gid, also with 20 000 members', async () => {
    await using backend = await createLdap({
      urls: [slapd.url],
      groups: { base: POSIX_GROUPS_DN, from: 'posixGroup' },
    });

    expect(plainGroups(await identityOf(backend, alice))).toEqual(['builders', 'deploy']);
    expect(plainGroups(await identityOf(backend, carol))).toEqual(['all-posix', 'users']);
  });

  it('finds a group with 20 000 members by the DN of a member', async () => {
    await using backend = await createLdap({ urls: [slapd.url] });

    expect(plainGroups(await identityOf(backend, carol))).toEqual(['everybody']);
  });

  it.each(['member', 'memberOf'] as const)('finds all 2 000 groups of a user with %s', async (from) => {
    await using backend = await createLdap({ urls: [slapd.url], groups: { base: MANY_DN, from } });

    const started = performance.now();
    const groups = plainGroups(await identityOf(backend, carol));

    expect(groups).toHaveLength(2000);
    expect(performance.now() - started).toBeLessThan(4000);
  });
});

describe('a search with paged results', () => {
  /** @param pages the number of entries in each page of the server; @param known whether it supports pages */
  async function search(pages: readonly number[], known = true) {
    let page = 0;
    let given = 0;
    await using server = await startTcpStandIn((socket) => {
      socket.on('data', (request: Buffer) => {
        const id = idOf(request);
        const entries = count(pages[page] ?? 0).map(() => entry(id, `cn=e${(given += 1)}`));
        page += 1;
        socket.write(
          Buffer.concat([...entries, done(id, known ? (page < pages.length ? `page-${page}` : '') : undefined)]),
        );
      });
    });
    const endpoint = parseEndpoint(server.url);
    if (typeof endpoint === 'string') throw new Error(endpoint);
    using connection: LdapConnection = await openConnection(
      endpoint,
      {
        mode: 'none',
        tlsContext: await loadTlsContext({ caFile: undefined, certFile: undefined, keyFile: undefined }),
        serverName: undefined,
        timeout: 1000,
        operationTimeout: 1000,
      },
      soon(),
    );
    const { entries } = await connection.search(
      { base: 'dc=test', scope: 'sub', filter: encodeFilter(ANY_ENTRY), attributes: [] },
      soon(),
    );
    return { dns: entries.map(({ dn }) => dn), requests: page };
  }

  it.each<[string, readonly number[], boolean, number]>([
    ['continues after an empty page that is not the last', [1, 0, 0, 1], true, 4],
    ['continues after an empty first page', [0, 2], true, 2],
    ['ends with the last page', [2], true, 1],
    ['ends when the server does not support pages', [2], false, 1],
  ])('%s', async (_what, pages, known, requests) => {
    const found = await search(pages, known);

    expect(found.dns).toEqual(count(pages.reduce((sum, size) => sum + size, 0)).map((n) => `cn=e${n + 1}`));
    expect(found.requests).toBe(requests);
  });

  it('fails when the server sends pages without end', async () => {
    await expect(search(Array<number>(1000).fill(0))).rejects.toMatchObject({ kind: 'misconfigured' });
  });
});

function idOf(message: Buffer): Buffer {
  const outer = readHeader(message);
  const id = readHeader(message, outer?.start);
  return message.subarray(outer?.start, id?.end);
}

function entry(id: Buffer, dn: string): Buffer {
  return element(TAG.sequence, id, element(0x64, text(dn), element(TAG.sequence)));
}

/** The end of a search, with the control of RFC 2696 where there is a cookie, an empty one included. */
function done(id: Buffer, cookie: string | undefined): Buffer {
  const result = element(0x65, element(TAG.enumerated, Buffer.of(0)), text(''), text(''));
  if (cookie === undefined) return element(TAG.sequence, id, result);
  const value = element(TAG.sequence, element(TAG.integer, Buffer.of(0)), text(cookie));
  const control = element(TAG.sequence, text('1.2.840.113556.1.4.319'), element(TAG.octetString, value));
  return element(TAG.sequence, id, result, element(0xa0, control));
}
