import { deadlineIn } from '../../src/core/deadline.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../src/core/identity.ts';
import type { Step } from '../../src/core/ports.ts';
import { checkLogin, probeAll } from '../../src/cli/walk.ts';
import { realClock } from '../support/fakes.ts';
import { freeze, thaw } from '../support/halt.ts';
import { createLdap } from '../support/ldap-backend.ts';
import type { LdapInput } from '../support/ldap-backend.ts';
import { createLoopbackCertificate } from '../support/loopback-certificate.ts';
import { GROUPS_DN, PEOPLE, PEOPLE_DN, SERVICE } from '../support/slapd-entries.ts';
import { canRunSlapd, startSlapd } from '../support/slapd.ts';
import type { Slapd } from '../support/slapd.ts';

const absent = !canRunSlapd();
const { alice, carol } = PEOPLE;

describe.skipIf(absent)('the diagnosis of an LDAP directory', () => {
  let slapd: Slapd;
  beforeAll(async () => {
    slapd = await startSlapd({ tls: true });
  });
  afterAll(() => slapd[Symbol.asyncDispose]());

  const overTls = (): LdapInput => ({ urls: [slapd.ldapsUrl ?? ''], tls: { caFile: slapd.caFile ?? '' } });

  async function diagnose(
    input: LdapInput,
    login?: { readonly username: string; readonly password: string },
    password?: string,
  ): Promise<readonly Step[]> {
    await using backend = await createLdap(
      { timeouts: { connect: '500ms' }, ...input },
      password === undefined ? {} : { password: () => password },
    );
    const steps: Step[] = [];
    const credential = login && { username: login.username, password: new Secret(login.password) };
    await backend.diagnose?.(credential, deadlineIn(realClock, 8000), (step) => void steps.push(step));
    expect(JSON.stringify(steps)).not.toContain(login?.password ?? SERVICE.password);
    return steps;
  }

  const failures = (steps: readonly Step[]): string =>
    steps
      .filter(({ ok }) => !ok)
      .map(({ text }) => text)
      .join('\n');
  const textOf = (steps: readonly Step[]): string => steps.map(({ text }) => text).join('\n');

  it('reports each step when the configuration is correct', async () => {
    const steps = await diagnose(overTls());

    expect(failures(steps)).toBe('');
    expect(textOf(steps)).toMatch(/connects to ldaps:.*TLSv1\.[23], the certificate of 127\.0\.0\.1 is valid until/);
    expect(textOf(steps)).toContain(`binds as ${SERVICE.dn}`);
    expect(textOf(steps)).toContain('matches preset openldap');
    expect(textOf(steps)).toContain(`finds users under ${PEOPLE_DN}`);
    expect(textOf(steps)).toContain(`finds groups under ${GROUPS_DN}`);
  });

  it('reports each server separately', async () => {
    const steps = await diagnose({ urls: [slapd.url, 'ldap://127.0.0.1:1'] });

    expect(failures(steps)).toBe(
      'ldap://127.0.0.1:1: cannot connect (connect ECONNREFUSED 127.0.0.1:1): nothing listens there: start the directory, or correct urls',
    );
    expect(textOf(steps)).toContain(`${slapd.url}: offers StartTLS, which is not used: set tls.mode: starttls`);
  });

  it.each<[string, () => LdapInput, string]>([
    ['a base that does not exist', () => ({ users: { base: 'ou=staff,dc=example,dc=org' } }), 'correct users.base'],
    [
      'a base outside the directory, with the correct one',
      () => ({ users: { base: 'dc=corp' } }),
      'the server has dc=example,dc=org',
    ],
    [
      'a filter that no user matches',
      () => ({ users: { base: PEOPLE_DN, filter: '(objectClass=device)' } }),
      'no user under',
    ],
    ['a base without groups', () => ({ groups: { base: PEOPLE_DN } }), 'no group with member or uniqueMember'],
    [
      'a base of groups that does not exist',
      () => ({ groups: { base: 'ou=x,dc=example,dc=org' } }),
      'correct groups.base',
    ],
  ])('names the likely mistake: %s', async (_what, input, expected) => {
    const steps = await diagnose({ urls: [slapd.url], ...input() });

    expect(failures(steps)).toContain(expected);
  });

  it('names the likely mistake: a preset for another directory', async () => {
    const steps = await diagnose({ urls: [slapd.url], preset: 'active-directory' });

    expect(textOf(steps)).toContain('looks like openldap, and preset is active-directory: set preset: openldap');
  });

  it('names the likely mistake: an untrusted authority, and a name that is not in the certificate', async () => {
    await using other = await createLoopbackCertificate();
    const urls = [slapd.ldapsUrl ?? ''];

    const untrusted = await diagnose({ urls, tls: { caFile: other.caFile } });
    const misnamed = await diagnose({ urls, tls: { caFile: slapd.caFile ?? '', serverName: 'dc1.corp.example' } });

    expect(failures(untrusted)).toContain('tls.caFile does not have the authority');
    expect(failures(misnamed)).toContain('set tls.serverName');
  });

  it('names the likely mistake: the password of the service account', async () => {
    const steps = await diagnose({ urls: [slapd.url] }, undefined, 'not-the-password');

    expect(failures(steps)).toBe(
      `binding as ${SERVICE.dn}: refused, result 49: there is no such account, or the password is wrong: correct bind.dn or bind.password`,
    );
    expect(textOf(steps)).not.toContain('not-the-password');
  });

  it('says what to check when the server hangs', async () => {
    await freeze(slapd.pid());
    try {
      const steps = await diagnose({ urls: [slapd.url], timeouts: { connect: '500ms', operation: '500ms' } });

      expect(failures(steps)).toMatch(
        /: no answer in time while .*: check whether the server is stopped or overloaded/,
      );
      expect(textOf(steps)).not.toMatch(/Fault|Error/);
    } finally {
      thaw(slapd.pid());
    }
  });

  describe('the diagnosis of one login', () => {
    it('reports the searches and their results, with one bind as the user', async () => {
      const before = (await slapd.settled()).binds.length;

      const steps = await diagnose({ urls: [slapd.url] }, alice);

      expect(failures(steps)).toBe('');
      expect(textOf(steps)).toContain(`(uid=alice)) under ${PEOPLE_DN}`);
      expect(textOf(steps)).toContain(`finds ${alice.dn}`);
      expect(textOf(steps)).toContain(`binds as ${alice.dn}: the password is correct`);
      expect(textOf(steps)).toContain(`finds 1 group under ${GROUPS_DN}: cn=team-web,${GROUPS_DN}`);
      expect((await slapd.settled()).binds.slice(before)).toEqual([SERVICE.dn, alice.dn]);
    });

    it.each<[string, LdapInput, string, string]>([
      ['a login that no user has', {}, 'nobody', 'there are other users: check the spelling, and whether uid holds'],
      [
        'a filter that the user does not match',
        { users: { base: PEOPLE_DN, filter: '(departmentNumber=platform)' } },
        'alice',
        'but does not match users.filter',
      ],
      ['a base without users', { users: { base: GROUPS_DN } }, 'alice', 'there is no user at all'],
    ])('names the likely mistake of a login: %s', async (_what, input, username, expected) => {
      const steps = await diagnose({ urls: [slapd.url], ...input }, { username, password: alice.password });

      expect(textOf(steps)).toContain(expected);
    });

    it('names the likely mistake of a login: the password', async () => {
      const steps = await diagnose({ urls: [slapd.url] }, { username: 'alice', password: 'not-hers' });

      expect(failures(steps)).toBe(`binds as ${alice.dn}: wrong-password`);
    });

    it.each(['member', 'memberOf', 'posixGroup'] as const)(
      'says why a user has no groups, with from: %s',
      async (from) => {
        const steps = await diagnose({ urls: [slapd.url], groups: { base: GROUPS_DN, from } }, carol);

        expect(textOf(steps.filter(({ isWarning }) => isWarning === true))).toContain('finds no groups: none under');
      },
    );
  });

  it('appears in the output of fairlead check with the name of the backend', async () => {
    await using authenticator = await createLdap({ urls: [slapd.url] });
    const backends = [{ authenticator, usernames: undefined }];

    const connect = await probeAll(backends, realClock);
    const login = await checkLogin(
      { backends, clock: realClock },
      { username: 'alice', password: new Secret(alice.password) },
    );

    expect(connect.map(({ text }) => text)).toContain(`backend corp: connects to ${slapd.url}, without encryption`);
    expect(login.map(({ text }) => text)).toContain(`backend corp: finds ${alice.dn}`);
    expect(login.at(-1)?.text).toContain('backend corp authenticates alice');
  });
});
