import { describe, expect, it } from 'vitest';
import { RESULT } from '../../../../../src/backends/ldap/wire/result-code.ts';
import { createLdap, logIn } from '../../../../support/ldap-backend.ts';
import type { LdapInput } from '../../../../support/ldap-backend.ts';
import { startLdapStandIn } from '../../../../support/ldap-stand-in.ts';

/** Binds before it reads, so that the bind is the first request of a login. */
const withTemplate = (...urls: string[]): LdapInput => ({
  urls,
  users: { template: 'uid={login},dc=corp' },
  bind: undefined,
  groups: undefined,
});
const UNAVAILABLE = { code: 'backend_unavailable' };

describe('a password whose bind is not answered', () => {
  it('sends a password whose bind is not answered once, also on a reused connection', async () => {
    await using standIn = await startLdapStandIn(({ password }) =>
      password === 'lost' ? 'lose' : RESULT.invalidCredentials,
    );
    await using backend = await createLdap(withTemplate(standIn.url));
    await logIn(backend, 'alice', 'wrong');

    await expect(logIn(backend, 'alice', 'lost')).rejects.toMatchObject(UNAVAILABLE);

    // The wrong password comes first, so its connection was reused.
    expect(standIn.binds.map(({ password, connection }) => [password, connection])).toEqual([
      ['wrong', 1],
      ['lost', 1],
    ]);
  });

  it('does not send a password whose bind is not answered to the next server', async () => {
    await using first = await startLdapStandIn(() => 'lose');
    await using second = await startLdapStandIn(() => RESULT.invalidCredentials);
    await using backend = await createLdap(withTemplate(first.url, second.url));

    await expect(logIn(backend, 'alice', 'lost')).rejects.toMatchObject(UNAVAILABLE);

    expect([first.binds.length, second.binds.length]).toEqual([1, 0]);
  });

  it('sends a password to the next server when the first could not be reached', async () => {
    const closed = await startLdapStandIn(() => 'lose');
    await closed[Symbol.asyncDispose]();
    await using second = await startLdapStandIn(() => RESULT.invalidCredentials);
    await using backend = await createLdap(withTemplate(closed.url, second.url));

    expect(await logIn(backend, 'alice', 'wrong')).toEqual({ kind: 'rejected', reason: 'wrong-password' });
    expect(second.binds).toHaveLength(1);
  });
});

describe('acceptance 22: a password that a server has accepted, where the next search gets no answer', () => {
  const BIND = { dn: 'cn=service,dc=corp', password: { env: 'LDAP_PASSWORD' } };

  it.each<[string, Partial<LdapInput>, readonly string[]]>([
    ['and only the user may read the entry', {}, []],
    ['and the service account reads the entry of the next server', { bind: BIND }, [BIND.dn]],
  ])('is not sent to the next server, where it could use up a grace login: %s', async (_what, more, binds) => {
    await using first = await startLdapStandIn(
      () => RESULT.success,
      () => 'lose',
    );
    await using second = await startLdapStandIn(() => RESULT.success);
    await using backend = await createLdap({ ...withTemplate(first.url, second.url), ...more });

    await expect(logIn(backend, 'alice', 'right')).rejects.toMatchObject(UNAVAILABLE);

    expect(first.binds.filter(({ dn }) => dn === 'uid=alice,dc=corp')).toHaveLength(1);
    expect(second.binds.map(({ dn }) => dn)).toEqual(binds);
  });
});

describe('an empty password', () => {
  it.each(['', '\0', '\0\0'])('rejects an empty password without a connection: %j', async (password) => {
    await using standIn = await startLdapStandIn(() => RESULT.success);
    await using backend = await createLdap(withTemplate(standIn.url));

    expect(await logIn(backend, 'alice', password)).toEqual({ kind: 'rejected', reason: 'empty-password' });
    expect(standIn.connections()).toBe(0);
  });

  it('sends a blank password, which is not empty', async () => {
    await using standIn = await startLdapStandIn(() => RESULT.invalidCredentials);
    await using backend = await createLdap(withTemplate(standIn.url));

    expect(await logIn(backend, 'alice', ' ')).toEqual({ kind: 'rejected', reason: 'wrong-password' });
    expect(standIn.binds.map(({ password }) => password)).toEqual([' ']);
  });
});
