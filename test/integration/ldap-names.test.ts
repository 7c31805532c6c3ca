import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Authenticator } from '../../src/core/ports.ts';
import { recordingLog } from '../support/fakes.ts';
import { createLdap, identityOf, logIn, plainGroups } from '../support/ldap-backend.ts';
import type { LdapInput } from '../support/ldap-backend.ts';
import { FAY, FAY_LDIF, GROUPS_DN, PEOPLE, PEOPLE_DN } from '../support/slapd-entries.ts';
import { canRunSlapd, seenBy, startSlapd } from '../support/slapd.ts';
import type { Slapd } from '../support/slapd.ts';

const absent = !canRunSlapd();
const TEMPLATE = `uid={login},${PEOPLE_DN}`;
const { alice, bob } = PEOPLE;
const ENTRIES = `
dn: uid=dave,${PEOPLE_DN}
objectClass: inetOrgPerson
uid: dave
cn: Dave
sn: Dave
mail: shared@example.org
userPassword: dave-binds-with-this-6

dn: uid=erin,${PEOPLE_DN}
objectClass: inetOrgPerson
uid: erin
cn: Doe\\, Erin (ext)
sn: Doe
mail: shared@example.org
userPassword: erin-binds-with-this-7
${FAY_LDIF}`;

describe.skipIf(absent)('user names in OpenLDAP', () => {
  let slapd: Slapd;
  beforeAll(async () => {
    slapd = await startSlapd({ ldif: ENTRIES });
  });
  afterAll(() => slapd[Symbol.asyncDispose]());

  const open = (input: LdapInput = {}): Promise<Authenticator> => createLdap({ urls: [slapd.url], ...input });

  it('takes the user name from the entry, in lower case, whatever spelling was typed', async () => {
    await using backend = await open({ users: { base: PEOPLE_DN, loginAttributes: ['uid', 'mail'] } });

    const typed = ['ALICE', ' alice', 'alice@Example.ORG'];
    const names = await Promise.all(
      typed.map(async (username) => (await identityOf(backend, { ...alice, username })).username),
    );

    expect(names).toEqual(['alice', 'alice', 'alice']);
  });

  it('gives the user name of an entry whose DN needs escapes', async () => {
    await using backend = await open({
      users: { base: PEOPLE_DN, usernameAttribute: 'cn' },
      groups: { base: GROUPS_DN },
    });

    const identity = await identityOf(backend, FAY);

    expect(identity.username).toBe('fay + co, (ext)');
    expect(plainGroups(identity)).toEqual(['odd']);
  });

  it('rejects a login that matches two entries as ambiguous, and logs it', async () => {
    const log = recordingLog();
    await using backend = await createLdap(
      { urls: [slapd.url], users: { base: PEOPLE_DN, loginAttributes: ['mail'] } },
      { log },
    );

    const seen = await seenBy(slapd, async () => {
      expect(await logIn(backend, 'shared@example.org', 'dave-binds-with-this-6')).toEqual({
        kind: 'rejected',
        reason: 'ambiguous',
      });
    });

    expect(seen.binds).not.toContain(`uid=dave,${PEOPLE_DN}`);
    expect(log.lines).toContainEqual(
      expect.objectContaining({ level: 'warn', message: expect.stringContaining('ambiguous login') }),
    );
  });

  it('rejects a login as ambiguous when the entry has two user names, and logs it', async () => {
    const log = recordingLog();
    await using backend = await createLdap({ urls: [slapd.url] }, { log });

    const outcome = await logIn(backend, FAY.username, FAY.password);

    expect(outcome).toEqual({ kind: 'rejected', reason: 'ambiguous' });
    expect(log.lines).toContainEqual(
      expect.objectContaining({ level: 'warn', fields: expect.objectContaining({ attribute: 'uid' }) }),
    );
  });

  it('reads the attributes that a policy may use', async () => {
    await using backend = await open({ attributes: ['departmentNumber', 'mail', 'manager'] });

    expect([...(await identityOf(backend, alice)).attributes]).toEqual([
      ['attr:departmentNumber', ['web']],
      ['attr:mail', ['alice@example.org']],
    ]);
  });

  it('searches users with the filter of the configuration', async () => {
    await using backend = await open({
      users: { base: PEOPLE_DN, filter: `(&(mail={login}@example.org)(memberOf=cn=team-web,${GROUPS_DN}))` },
    });

    expect((await identityOf(backend, alice)).username).toBe('alice');
    expect(await logIn(backend, bob.username, bob.password)).toEqual({ kind: 'unknown-user' });
  });

  it('treats a user who does not match the filter as unknown, also with a template', async () => {
    await using backend = await open({
      users: { template: TEMPLATE, filter: `(memberOf=cn=team-web,${GROUPS_DN})` },
    });

    expect((await identityOf(backend, alice)).username).toBe('alice');
    expect(await logIn(backend, bob.username, bob.password)).toEqual({ kind: 'unknown-user' });
  });
});
