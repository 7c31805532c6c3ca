import { expect, it } from 'vitest';
import { TAG, element, text } from '../../../../../src/backends/ldap/wire/ber.ts';
import { openConnection } from '../../../../../src/backends/ldap/wire/connection.ts';
import type { LdapConnection } from '../../../../../src/backends/ldap/wire/connection.ts';
import type { SearchRequest } from '../../../../../src/backends/ldap/wire/search.ts';
import { parseEndpoint } from '../../../../../src/backends/ldap/wire/endpoint.ts';
import { ANY_ENTRY, encodeFilter } from '../../../../../src/backends/ldap/wire/filter.ts';
import { loadTlsContext } from '../../../../../src/backends/ldap/wire/tls-context.ts';
import { deadlineIn } from '../../../../../src/core/deadline.ts';
import { Secret } from '../../../../../src/core/identity.ts';
import { realClock } from '../../../../support/fakes.ts';
import { startTcpStandIn } from '../../../../support/tcp-stand-in.ts';

const SEARCH: SearchRequest = { base: 'dc=corp', scope: 'sub', filter: encodeFilter(ANY_ENTRY), attributes: [] };
const soon = () => deadlineIn(realClock, 30_000);

const message = (id: number, operation: Buffer, ...controls: readonly Buffer[]): Buffer =>
  element(TAG.sequence, element(TAG.integer, Buffer.of(id)), operation, ...controls);
const ENTRY = message(1, element(0x64, text(''), element(TAG.sequence)));
const result = (operation: number, diagnostic = ''): Buffer =>
  element(operation, element(TAG.enumerated, Buffer.of(0)), text(''), text(diagnostic));

/** A connection to a server that answers its first request with these bytes. */
async function connectionTo(answer: Buffer) {
  const standIn = await startTcpStandIn((socket) => void socket.once('data', () => socket.write(answer)));
  const endpoint = parseEndpoint(standIn.url);
  if (typeof endpoint === 'string') throw new Error(endpoint);
  const tlsContext = await loadTlsContext({ caFile: undefined, certFile: undefined, keyFile: undefined });
  const options = { mode: 'none', tlsContext, serverName: undefined, timeout: 5000, operationTimeout: 30_000 } as const;
  const connection: LdapConnection = await openConnection(endpoint, options, soon());
  return {
    connection,
    [Symbol.asyncDispose]: async () => {
      connection[Symbol.dispose]();
      await standIn[Symbol.asyncDispose]();
    },
  };
}

it('reads the most entries that a search may find, and closes the connection at the next one', async () => {
  const most = Buffer.concat([Buffer.alloc(10_000 * ENTRY.length, ENTRY), message(1, result(0x65))]);
  await using good = await connectionTo(most);
  await using flood = await connectionTo(Buffer.concat([ENTRY, most]));

  expect((await good.connection.search(SEARCH, soon())).entries).toHaveLength(10_000);
  await expect(flood.connection.search({ ...SEARCH, limit: 2 }, soon())).rejects.toThrow('too many entries');
  expect(flood.connection.closed).toBe(true);
});

it('takes only the begin of a long text of the server', async () => {
  await using long = await connectionTo(message(1, result(0x65, 'x'.repeat(100_000))));

  expect((await long.connection.search(SEARCH, soon())).diagnostic).toHaveLength(1024);
});

it('reports a successful bind whose controls cannot be read as lost, because the answer is not known', async () => {
  const controls = Buffer.from('a07f30260419312e332e36', 'hex');
  await using broken = await connectionTo(message(1, result(0x61), controls));

  await expect(broken.connection.bind('cn=alice', new Secret('password'), soon())).rejects.toMatchObject({
    kind: 'lost',
    sent: true,
  });
});
