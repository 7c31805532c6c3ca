import { describe, expect, it } from 'vitest';
import { createServer } from '../../../../../src/backends/ldap/servers/server.ts';
import type { Server } from '../../../../../src/backends/ldap/servers/server.ts';
import type { LdapConnection } from '../../../../../src/backends/ldap/wire/connection.ts';
import { parseEndpoint } from '../../../../../src/backends/ldap/wire/endpoint.ts';
import { RESULT } from '../../../../../src/backends/ldap/wire/result-code.ts';
import { loadTlsContext } from '../../../../../src/backends/ldap/wire/tls-context.ts';
import { deadlineIn } from '../../../../../src/core/deadline.ts';
import { Secret } from '../../../../../src/core/identity.ts';
import { realClock, recordingLog } from '../../../../support/fakes.ts';
import { startLdapStandIn } from '../../../../support/ldap-stand-in.ts';
import { waitFor } from '../../../../support/wait.ts';

const soon = () => deadlineIn(realClock, 5000);

async function serverFor(url: string): Promise<Server> {
  const endpoint = parseEndpoint(url);
  if (typeof endpoint === 'string') throw new Error(endpoint);
  const tlsContext = await loadTlsContext({ caFile: undefined, certFile: undefined, keyFile: undefined });
  return createServer(endpoint, {
    backend: 'corp',
    options: () => ({ mode: 'none', tlsContext, serverName: undefined, timeout: 2000, operationTimeout: 2000 }),
    limits: { search: 2, bind: 8, idle: 60_000, age: 600_000 },
    serviceAccount: undefined,
    clock: realClock,
    log: recordingLog(),
    backgroundDeadline: soon,
  });
}

const bind = (password: string) => (connection: LdapConnection) =>
  connection.bind('cn=alice', new Secret(password), soon());

describe('a bind on a reused connection', () => {
  it('never sends a password again when the connection is lost after the password was sent', async () => {
    await using standIn = await startLdapStandIn(({ password }) => (password === 'lost' ? 'lose' : RESULT.success));
    using server = await serverFor(standIn.url);
    await server.withBind(soon(), bind('first'));

    const error: unknown = await server.withBind(soon(), bind('lost')).catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({ kind: 'lost', sent: true });
    expect(standIn.binds.map(({ password, connection }) => [password, connection])).toEqual([
      ['first', 1],
      ['lost', 1],
    ]);
  });

  it('sends the password on a new connection when the old one is lost before it was sent', async () => {
    await using standIn = await startLdapStandIn(() => RESULT.success);
    using server = await serverFor(standIn.url);
    await server.withBind(soon(), bind('first'));
    let isFirst = true;

    const answer = await server.withBind(soon(), async (connection) => {
      if (isFirst) {
        isFirst = false;
        standIn.endConnections();
        await waitFor('the end of the connection', () => connection.closed);
      }
      return bind('second')(connection);
    });

    expect(answer.code).toBe(RESULT.success);
    expect(standIn.binds.map(({ password, connection }) => [password, connection])).toEqual([
      ['first', 1],
      ['second', 2],
    ]);
  });
});
