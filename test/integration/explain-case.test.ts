/** `explain --group` takes names as the backend gives them that would know the user. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MAIN } from '../support/broker.ts';
import { run } from '../support/process.ts';

const LDAP = `{ name: corp, type: ldap, urls: [ldaps://dc1.corp.example], users: { base: 'dc=corp,dc=example' } }`;
const SSO = `{ name: sso, type: oidc-password, preset: keycloak, issuer: https://id.example.com, client: { id: r } }`;
const EXACT = `{ name: exact, type: oidc-password, issuer: https://id.example.com, client: { id: r } }`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-explain-'));
  await writeFile(
    join(folder, 'policy.yaml'),
    'rules: [{ name: web, groups: [Team-Web], repositories: [web/**], allow: [pull] }]\n',
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it.each<[string, readonly string[], readonly string[], number, RegExp]>([
  ['a directory', [LDAP], [], 0, /in lower case as a directory gives names, groups: team-web$/m],
  ['a provider that gives lower case', [LDAP, SSO], [], 0, /groups: team-web$/m],
  ['a provider that gives exact names', [EXACT], [], 1, /as given, groups: TEAM-WEB$/m],
  [
    'a mixture',
    [LDAP, EXACT],
    [],
    1,
    /^names are compared by case; --backend corp takes them in lower case, as it gives them$/m,
  ],
  ['the one of a mixture that is named', [LDAP, EXACT], ['--backend', 'corp'], 0, /groups: team-web$/m],
  ['another one of it', [LDAP, EXACT], ['--backend', 'exact'], 1, /groups: TEAM-WEB$/m],
])('of %s', async (_what, backends, more, code, said) => {
  const broker = `listen: 127.0.0.1:0
publicUrl: http://localhost:5001
services: { registry.example.com: {} }
backends: [${backends.join(', ')}]
policy: policy.yaml
`;
  await writeFile(join(folder, 'broker.yaml'), broker);
  const who = ['--user', 'alice', '--group', 'TEAM-WEB', ...more, '--scope', 'repository:web/shop:pull'];

  const result = await run(process.execPath, [MAIN, 'explain', '--config', 'broker.yaml', ...who], { cwd: folder });

  expect(result.stdout, result.stderr).toMatch(said);
  expect(result.code).toBe(code);
});
