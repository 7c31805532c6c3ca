import { deadlineIn } from '../../src/core/deadline.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../src/core/identity.ts';
import type { DiagnosisStep } from '../../src/core/ports.ts';
import { probeAll, walkLogin } from '../../src/cli/walk.ts';
import { realClock } from '../support/fakes.ts';
import { freeze, thaw } from '../support/halt.ts';
import { createLdap } from '../support/ldap-backend.ts';
import type { LdapInput } from '../support/ldap-backend.ts';
import { createLoopbackCertificate } from '../support/loopback-certificate.ts';
import { findPart } from '../support/parts.ts';
import { GROUPS_DN, PEOPLE, PEOPLE_DN, SERVICE } from '../support/slapd-entries.ts';
import { LDAPADD, SLAPD, startSlapd } from '../support/slapd.ts';
import type { Slapd } from '../support/slapd.ts';

const absent = findPart(SLAPD) === undefined || findPart(LDAPADD) === undefined;
const { alice, carol } = PEOPLE;

describe.skipIf(absent)('a look at an LDAP directory', () => {
  let slapd: Slapd;
  beforeAll(async () => {
    slapd = await startSlapd({ tls: true });
  });
  afterAll(() => slapd[Symbol.asyncDispose]());

  const overTls = (): LdapInput => ({ urls: [slapd.ldapsUrl ?? ''], tls: { caFile: slapd.caFile ?? '' } });

  async function look(
    input: LdapInput,
    login?: { readonly username: string; readonly password: string },
    password?: string,
  ): Promise<readonly DiagnosisStep[]> {
    await using backend = await createLdap(
      { timeouts: { connect: '500ms' }, ...input },
      password === undefined ? {} : { password: () => password },
    );
    const steps: DiagnosisStep[] = [];
    const credential = login && { username: login.username, password: new Secret(login.password) };
    await backend.diagnose?.(credential, deadlineIn(realClock, 8000), (step) => void steps.push(step));
    expect(JSON.stringify(steps)).not.toContain(login?.password ?? SERVICE.password);
    return steps;
  }

  const failures = (steps: readonly DiagnosisStep[]): string =>
    steps
      .filter(({ ok }) => !ok)
      .map(({ text }) => text)
      .join('\n');
  const told = (steps: readonly DiagnosisStep[]): string => steps.map(({ text }) => text).join('\n');

  it('tells what it finds where all is well', async () => {
    const steps = await look(overTls());

    expect(failures(steps)).toBe('');
    expect(told(steps)).toMatch(/connects to ldaps:.*TLSv1\.[23], the certificate of 127\.0\.0\.1 is valid until/);
    expect(told(steps)).toContain(`binds as ${SERVICE.dn}`);
    expect(told(steps)).toContain('is what preset openldap is for');
    expect(told(steps)).toContain(`finds users beneath ${PEOPLE_DN}`);
    expect(told(steps)).toContain(`finds groups beneath ${GROUPS_DN}`);
  });

  it('tells each server by itself', async () => {
    const steps = await look({ urls: [slapd.url, 'ldap://127.0.0.1:1'] });

    expect(failures(steps)).toBe(
      'ldap://127.0.0.1:1: cannot connect (connect ECONNREFUSED 127.0.0.1:1): nothing listens there: start the directory, or correct urls',
    );
    expect(told(steps)).toContain(`${slapd.url}: offers StartTLS, which is not used: set tls.mode: starttls`);
  });

  it.each<[string, () => LdapInput, string]>([
    ['a base that is not there', () => ({ users: { base: 'ou=staff,dc=example,dc=org' } }), 'correct users.base'],
    ['another base, with the right one', () => ({ users: { base: 'dc=corp' } }), 'the server has dc=example,dc=org'],
    [
      'a filter that nobody fits',
      () => ({ users: { base: PEOPLE_DN, filter: '(objectClass=device)' } }),
      'no user beneath',
    ],
    ['a base without groups', () => ({ groups: { base: PEOPLE_DN } }), 'no group with member or uniqueMember'],
    [
      'a base of groups that is not there',
      () => ({ groups: { base: 'ou=x,dc=example,dc=org' } }),
      'correct groups.base',
    ],
  ])('names the mistake: %s', async (_what, input, expected) => {
    const steps = await look({ urls: [slapd.url], ...input() });

    expect(failures(steps)).toContain(expected);
  });

  it('names the mistake: another preset', async () => {
    const steps = await look({ urls: [slapd.url], preset: 'active-directory' });

    expect(told(steps)).toContain('looks like openldap, and preset is active-directory: set preset: openldap');
  });

  it('names the mistake: an authority that is not trusted, and a name that is not in the certificate', async () => {
    await using stranger = await createLoopbackCertificate();
    const urls = [slapd.ldapsUrl ?? ''];

    const untrusted = await look({ urls, tls: { caFile: stranger.caFile } });
    const misnamed = await look({ urls, tls: { caFile: slapd.caFile ?? '', serverName: 'dc1.corp.example' } });

    expect(failures(untrusted)).toContain('set tls.caFile');
    expect(failures(misnamed)).toContain('set tls.serverName');
  });

  it('names the mistake: the password of the service account', async () => {
    const steps = await look({ urls: [slapd.url] }, undefined, 'not-the-password');

    expect(failures(steps)).toBe(
      `binding as ${SERVICE.dn}: refused, result 49: there is no such account, or its password is another one: correct bind.dn or bind.password`,
    );
    expect(told(steps)).not.toContain('not-the-password');
  });

  it('says what to look at where the server hangs', async () => {
    await freeze(slapd.pid());
    try {
      const steps = await look({ urls: [slapd.url], timeouts: { connect: '500ms', operation: '500ms' } });

      expect(failures(steps)).toMatch(/: no answer in time while .*: see whether the server is stopped or overloaded/);
      expect(told(steps)).not.toMatch(/Fault|Error/);
    } finally {
      thaw(slapd.pid());
    }
  });

  describe('for one login', () => {
    it('tells what is asked and found, with one bind of the user', async () => {
      const before = (await slapd.settled()).binds.length;

      const steps = await look({ urls: [slapd.url] }, alice);

      expect(failures(steps)).toBe('');
      expect(told(steps)).toContain(`(uid=alice)) beneath ${PEOPLE_DN}`);
      expect(told(steps)).toContain(`finds ${alice.dn}`);
      expect(told(steps)).toContain(`binds as ${alice.dn}: the password is right`);
      expect(told(steps)).toContain(`cn=team-web,${GROUPS_DN}`);
      expect((await slapd.settled()).binds.slice(before)).toEqual([SERVICE.dn, alice.dn]);
    });

    it.each<[string, LdapInput, string, string]>([
      ['a login that nobody has', {}, 'nobody', 'others are found there: check the spelling, and whether uid holds'],
      [
        'a filter that leaves the user out',
        { users: { base: PEOPLE_DN, filter: '(departmentNumber=platform)' } },
        'alice',
        'but users.filter leaves it out',
      ],
      ['a base without users', { users: { base: GROUPS_DN } }, 'alice', 'no user at all is found'],
    ])('names the mistake: %s', async (_what, input, username, expected) => {
      const steps = await look({ urls: [slapd.url], ...input }, { username, password: alice.password });

      expect(told(steps)).toContain(expected);
    });

    it('names the mistake: the password', async () => {
      const steps = await look({ urls: [slapd.url] }, { username: 'alice', password: 'not-hers' });

      expect(failures(steps)).toBe(`binds as ${alice.dn}: wrong-password`);
    });

    it.each(['member', 'memberOf', 'posixGroup'] as const)('says why there are no groups, from %s', async (from) => {
      const steps = await look({ urls: [slapd.url], groups: { base: GROUPS_DN, from } }, carol);

      expect(told(steps)).toContain('finds no groups: none beneath');
    });
  });

  it('is what fairlead check prints, with the name of the backend', async () => {
    await using authenticator = await createLdap({ urls: [slapd.url] });
    const backends = [{ authenticator, usernames: undefined }];

    const connect = await probeAll(backends, realClock);
    const login = await walkLogin(backends, 'alice', alice.password, realClock);

    expect(connect.map(({ text }) => text)).toContain(`backend corp: connects to ${slapd.url}, in clear`);
    expect(login.map(({ text }) => text)).toContain(`backend corp: finds ${alice.dn}`);
    expect(login.at(-1)?.text).toContain('backend corp authenticates alice');
  });
});
