import { expect, it } from 'vitest';
import { createServiceAccount } from '../../../../../src/backends/ldap/servers/service-account.ts';
import type { BindAnswer, LdapConnection } from '../../../../../src/backends/ldap/wire/connection.ts';
import { RESULT } from '../../../../../src/backends/ldap/wire/result-code.ts';
import { deadlineIn } from '../../../../../src/core/deadline.ts';
import { Secret } from '../../../../../src/core/identity.ts';
import { realClock, recordingLog } from '../../../../support/fakes.ts';

const soon = () => deadlineIn(realClock, 5000);

/** @param code the answer to every bind */
function setUp(code: number) {
  const log = recordingLog();
  const account = createServiceAccount({
    backend: 'corp',
    dn: 'cn=service',
    password: { read: async () => new Secret('secret') },
    clock: realClock,
    log,
  });
  const counts = { binds: 0, running: 0, most: 0 };
  const connection = {
    endpoint: { url: 'ldap://test' },
    bind: async (): Promise<BindAnswer> => {
      counts.binds += 1;
      counts.running += 1;
      counts.most = Math.max(counts.most, counts.running);
      await new Promise(setImmediate);
      counts.running -= 1;
      return { code, diagnostic: '' };
    },
  } as unknown as LdapConnection;
  const bindMany = (count: number) =>
    Promise.allSettled([...Array(count).keys()].map(() => account.bind(connection, soon())));
  return { log, counts, bindMany };
}

it('tries a wrong password of the service account once, however many logins need it', async () => {
  const { log, counts, bindMany } = setUp(RESULT.invalidCredentials);

  const results = await bindMany(20);

  expect(results.map((result) => result.status === 'rejected' && result.reason.kind)).toEqual(
    Array(20).fill('service-refused'),
  );
  expect(counts.binds).toBe(1);
  expect(log.lines.map(({ level }) => level)).toEqual(['error']);
  expect(JSON.stringify(log.lines)).not.toContain('secret');
});

it('binds three connections at the same time once the password is proven', async () => {
  const { counts, bindMany } = setUp(RESULT.success);

  const results = await bindMany(20);

  expect(new Set(results.map(({ status }) => status))).toEqual(new Set(['fulfilled']));
  expect(counts).toMatchObject({ binds: 20, most: 3 });
});
