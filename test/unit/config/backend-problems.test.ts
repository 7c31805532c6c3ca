/** Mistakes in a backend's section are reported in the words of that type of backend alone. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadBroker } from '../../../src/config/load.ts';
import { problemsOf, writtenFiles } from './written-files.ts';
import type { WrittenFiles } from './written-files.ts';

let files: WrittenFiles;
beforeEach(async () => {
  files = await writtenFiles({ 'policy.yaml': 'rules: []\n', 'users.yaml': 'users: {}\n' });
});
afterEach(async () => {
  await files[Symbol.asyncDispose]();
});

const AROUND = `listen: 127.0.0.1:0
publicUrl: http://localhost:5001
services: { registry.example.com: {} }
policy: policy.yaml
backends:
`;

async function problems(backends: string): Promise<readonly string[]> {
  const path = await files.write('broker.yaml', AROUND + backends);
  return (await problemsOf(files, () => loadBroker(path))).map((line) => line.replace('broker.yaml:', ''));
}

describe('problems of a backend', () => {
  it('are those of ldap for an ldap backend', async () => {
    const found = await problems(`  - name: corp
    type: ldap
    prest: openldap
    urls: [ldap://a, http://b, "ldap://u:hunter2@h"]
    tls: { mode: startls, caFile: ca.pem }
    bind: { dn: admin, password: hunter2 }
    users: { base: x, filter: "(uid={login}" }
    groups: { from: memberof, base: 'ou=groups,dc=a' }
    attributes: 5
    timeouts: { connect: 9s }
  - name: two
    type: ldap
    urls: []
    bind: { dn: 'cn=a,dc=b' }
`);

    const reference = '{ env: NAME } or { file: PATH }';
    expect(found).toEqual([
      expect.stringMatching(
        /^8:5: backends\.0\.prest: unknown key, expected one of type, .*; did you mean "preset"\?$/,
      ),
      expect.stringMatching(/^9:22: backends\.0\.urls\.1: found "http:\/\/b", expected ldap:\/\/HOST/),
      expect.stringMatching(/^9:32: backends\.0\.urls\.2: found "ldap:\/\/…@h", expected ldap:\/\/HOST/),
      '10:18: backends.0.tls.mode: found "startls", expected one of ldaps, starttls, none; did you mean "starttls"?',
      '10:35: backends.0.tls.caFile: ca.pem cannot be read (no such file), expected a file',
      expect.stringMatching(/^11:17: backends\.0\.bind\.dn: found "admin", expected a distinguished name/),
      `11:34: backends.0.bind.password: found text, expected ${reference}: a secret is never written inline`,
      expect.stringMatching(/^12:20: backends\.0\.users\.base: found "x", expected a distinguished name/),
      expect.stringMatching(/^12:31: backends\.0\.users\.filter: found "\(uid=\{login\}", expected /),
      '13:21: backends.0.groups.from: found "memberof", expected one of auto, memberOf, member, posixGroup; did you mean "memberOf"?',
      '14:17: backends.0.attributes: found 5, expected a list',
      '15:26: backends.0.timeouts.connect: found "9s", expected a duration from 100ms to 7s',
      '16:5: backends.1.users: missing, expected a mapping',
      '18:11: backends.1.urls: found an empty list, expected at least 1 entry',
      `19:11: backends.1.bind.password: missing, expected ${reference}`,
    ]);
  });

  it('are those of static-file for a static-file backend', async () => {
    const found = await problems(`  - { name: a, type: static-file, issuer: https://id.example.com }
  - { name: b, type: static-file }
  - { name: c, type: static-file, file: users.yaml, htpasswd: users.yaml }
  - { name: d, type: static-file, file: [users.yaml] }
`);

    expect(found).toEqual([
      '6:35: backends.0.issuer: unknown key, expected one of type, name, usernames, file, htpasswd, htgroup',
      '7:5: backends.1: expected one of file and htpasswd, found none',
      '8:5: backends.2: expected one of file and htpasswd, found both',
      '9:41: backends.3.file: found a list, expected text (path of a users.yaml; either this or htpasswd)',
    ]);
  });

  it('are those of oidc-password for an oidc-password backend', async () => {
    const found = await problems(`  - name: sso
    type: oidc-password
    issuer: http://id.example.com
    client: { id: '' }
    claims: { from: idtoken, groups: 5 }
    scope: profile
    deniedStatus: [404]
`);

    expect(found).toEqual([
      expect.stringMatching(/^8:13: backends\.0\.issuer: found "http:\/\/id\.example\.com", expected an https URL/),
      '9:19: backends.0.client.id: found empty text, expected at least 1 character',
      '10:21: backends.0.claims.from: found "idtoken", expected one of auto, id-token, userinfo, introspection or a list; did you mean "id-token"?',
      '10:38: backends.0.claims.groups: found 5, expected text or a list',
      '11:12: backends.0.scope: found "profile", expected openid among the scopes: without it there is no ID token',
      '12:20: backends.0.deniedStatus.0: found 404, expected 400 or 401 or 403',
    ]);
  });

  it('name the misspelt key even when it is the one that says the type', async () => {
    expect(await problems('  - { name: a, tpye: static-file, file: users.yaml }\n')).toEqual([
      '6:16: backends.0.tpye: unknown key; did you mean "type"?',
    ]);
  });
});
