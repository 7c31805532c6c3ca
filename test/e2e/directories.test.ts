/**
 * From the configuration that an operator writes to an image pushed to a registry, for each kind of directory. All of
 * them serve one registry: it trusts one key and one realm.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { canRun389ds, start389ds } from '../support/389ds.ts';
import { MAIN, startBroker } from '../support/broker.ts';
import type { Login } from '../support/broker.ts';
import { FREEIPA_PASSWORD, freeIpaPerson, freeIpaSchema, passwordExpires } from '../support/freeipa.ts';
import { freePort } from '../support/free-port.ts';
import { canBuildGlauth, GLAUTH_BASE_DN, GLAUTH_BUILD_TIMEOUT } from '../support/glauth.ts';
import { GLAUTH_PASSWORD, GLAUTH_SERVICE, startGlauth } from '../support/glauth.ts';
import { writeImage } from '../support/image.ts';
import { findPart } from '../support/parts.ts';
import { run, runOk } from '../support/process.ts';
import { DOCKER_REGISTRY, startRegistry } from '../support/registry.ts';
import {
  AD_ADMIN,
  AD_BASE_DN,
  AD_SERVICE,
  addLockoutPolicy,
  canRunSamba,
  REALM,
  startSamba,
} from '../support/samba.ts';
import { SKOPEO, skopeoPush } from '../support/skopeo.ts';
import { BASE_DN, PEOPLE_DN, personDn, SERVICE } from '../support/slapd-entries.ts';
import { canRunSlapd, startSlapd } from '../support/slapd.ts';

const absent = [DOCKER_REGISTRY, SKOPEO].some((part) => findPart(part) === undefined);

const POLICY = `
rules:
  - name: teams own their namespace
    groups: ["team-{team}"]
    repositories: ["{team}/**"]
    allow: [pull, push]
  - name: contractors do not release
    groups: [contractors]
    repositories: ["*/release/**"]
    deny: [push]
`;

let shared: AsyncDisposableStack;
let folder: string;
let image: string;
let registry: string;
let port: number;

beforeAll(async () => {
  shared = new AsyncDisposableStack();
  if (absent) return;
  folder = await mkdtemp(join(tmpdir(), 'fairlead-directories-'));
  shared.defer(() => rm(folder, { recursive: true, force: true }));
  image = await writeImage(join(folder, 'image'));
  port = await freePort();
  const registryPort = await freePort();
  registry = `localhost:${registryPort}`;
  const key = join(folder, 'state/keys');
  await runOk(process.execPath, [MAIN, 'keygen', '--name', 'default', '--dir', key]);
  const trust = {
    realm: `http://localhost:${port}/token`,
    service: registry,
    issuer: 'fairlead',
    rootCertBundle: join(key, 'default.crt'),
  };
  shared.use(await startRegistry({ port: registryPort, trust }));
});
afterAll(() => shared.disposeAsync());

/** Runs a broker with a backend as an operator writes it; its connection test must find nothing wrong. */
async function served(backend: string, password: string, work: () => Promise<void>): Promise<void> {
  await using broker = await startBroker({
    port,
    config: {
      stateDir: join(folder, 'state'),
      services: { [registry]: { anonymous: 'deny' } },
      backends: parse(backend) as unknown,
      policy: 'policy.yaml',
    },
    files: { 'ldap.password': password, 'policy.yaml': POLICY },
  });
  const check = await run(process.execPath, [MAIN, 'check', '--connect', '--config', `${broker.folder}/broker.yaml`]);
  expect(check).toMatchObject({ code: 0, stdout: expect.stringMatching(/ok: backend corp answers\n$/) });
  expect(check.stdout).not.toContain('looks like');
  await work();
}

/** What skopeo says of a push: `pushed`, or its error. */
async function push(repository: string, login: Login): Promise<string> {
  const { code, stderr } = await skopeoPush(image, `${registry}/${repository}:1`, login);
  return code === 0 ? 'pushed' : stderr;
}

const DENIED = /denied: requested access to the resource is denied/;
const WRONG = /unauthorized: wrong user name or password/;

/** The member of a team pushes to its namespace and to no other, and nobody else gets in. */
async function expectTeam(team: string, login: Login): Promise<void> {
  expect(await push(`${team}/shop`, login)).toBe('pushed');
  expect(await push('other/shop', login)).toMatch(DENIED);
  expect(await push(`${team}/shop`, { user: login.user, password: 'a-wrong-password' })).toMatch(WRONG);
}

describe.skipIf(absent || !canRunSlapd())('an image is pushed with an account of OpenLDAP', () => {
  it('whose groups are dynamic (dynlist), and a rule that denies them holds', async () => {
    const group = (name: string, department: string): string => `
dn: cn=${name},ou=groups,${BASE_DN}
objectClass: groupOfURLs
cn: ${name}
memberURL: ldap:///${PEOPLE_DN}??sub?(departmentNumber=${department})
`;
    await using slapd = await startSlapd({
      modules: ['dynlist'],
      schemas: ['dyngroup'],
      databaseConfig: 'overlay dynlist\ndynlist-attrset groupOfURLs memberURL member',
      ldif: group('team-dynamic', 'web') + group('contractors', 'web'),
    });
    const backend = `
- name: corp
  type: ldap
  preset: openldap
  urls: [${slapd.url}]
  bind: { dn: "${slapd.bindDn}", password: { file: ldap.password } }
  users: { base: "${PEOPLE_DN}" }
  groups: { base: "ou=groups,${BASE_DN}" }
`;
    await served(backend, slapd.bindPassword, async () => {
      const { username: user, password } = slapd.people.alice;

      await expectTeam('dynamic', { user, password });
      expect(await push('web/shop', { user, password })).toBe('pushed');
      expect(await push('web/release/shop', { user, password })).toMatch(DENIED);
    });
  });
});

describe.skipIf(absent || !canRunSamba())('an image is pushed with an account of Active Directory (Samba)', () => {
  const PASSWORD = 'Binds-with-this-1';
  const backend = (samba: { ldapsUrl: string; caFile: string }, rest: string): string => `
- name: corp
  type: ldap
  preset: samba
  urls: ["${samba.ldapsUrl}"]
  tls: { caFile: "${samba.caFile}", serverName: localhost }
${rest}
  groups: { base: "OU=Groups,${AD_BASE_DN}" }
`;

  it('without any DN of a user: names with a domain bind, with and without a service account', async () => {
    await using samba = await startSamba();
    const bob = await samba.addUser('bob', PASSWORD, {
      attributes: { userPrincipalName: 'bob.smith@corp.example' },
    });
    await samba.addGroup('team-web', [bob]);
    const users = `users: { base: "OU=People,${AD_BASE_DN}", domain: EXAMPLE`;
    const bind = `bind: { dn: "svc-registry@${REALM}", password: { file: ldap.password } }`;

    await served(backend(samba, `  ${bind}\n  ${users} }`), AD_SERVICE.password, async () => {
      await expectTeam('web', { user: 'bob.smith@corp.example', password: PASSWORD });
      for (const user of [`bob@${REALM}`, 'EXAMPLE\\bob', 'bob']) {
        expect(await push('web/shop', { user, password: PASSWORD })).toBe('pushed');
      }
    });
    const template = `  users: { base: "OU=People,${AD_BASE_DN}", template: "{login}@${REALM}" }`;
    await served(backend(samba, template), 'unused', async () => {
      await expectTeam('web', { user: 'bob', password: PASSWORD });
    });
  });

  it('that a password settings object (PSO) would lock, and wrong passwords do not lock it', async () => {
    await using samba = await startSamba();
    const dn = await samba.addUser('strict', PASSWORD);
    await samba.addGroup('team-web', [dn]);
    await addLockoutPolicy(samba, { name: 'Strict', threshold: 3, precedence: 1, appliesTo: [dn] });
    const rest = `  bind: { dn: "${AD_ADMIN.dn}", password: { file: ldap.password } }
  users: { base: "OU=People,${AD_BASE_DN}" }`;
    await served(backend(samba, rest), AD_ADMIN.password, async () => {
      for (const password of ['guess-1', 'guess-2', 'guess-3', 'guess-4']) {
        expect(await push('web/shop', { user: 'strict', password })).toMatch(WRONG);
      }

      expect(await samba.read(dn, 'badPwdCount', 'lockoutTime')).toMatchObject({ badPwdCount: '2' });
      expect(await samba.bindAs(dn, PASSWORD)).toBe('accepted');
      await samba.addUser('quiet', PASSWORD);
      await samba.replace(`CN=team-web,OU=Groups,${AD_BASE_DN}`, { member: [dn, `CN=quiet,OU=People,${AD_BASE_DN}`] });
      await expectTeam('web', { user: 'quiet', password: PASSWORD });
    });
  });
});

describe.skipIf(absent || !canRun389ds())(
  'an image is pushed with an account of FreeIPA (389 Directory Server)',
  () => {
    it('unless its password has expired, although the directory accepts it', async () => {
      await using server = await start389ds();
      await server.change(await freeIpaSchema());
      const current = freeIpaPerson('current', passwordExpires('20991231235959Z'));
      await server.change(current + freeIpaPerson('overdue', passwordExpires('20200101000000Z')));
      await server.change(`
dn: cn=team-ipa,ou=groups,${BASE_DN}
objectClass: groupOfNames
cn: team-ipa
member: ${personDn('current')}
member: ${personDn('overdue')}
`);
      const backend = `
- name: corp
  type: ldap
  preset: freeipa
  urls: [${server.url}]
  bind: { dn: "${SERVICE.dn}", password: { file: ldap.password } }
  users: { base: "${PEOPLE_DN}" }
  groups: { base: "ou=groups,${BASE_DN}" }
`;
      await served(backend, SERVICE.password, async () => {
        await expectTeam('ipa', { user: 'current', password: FREEIPA_PASSWORD });
        expect(await push('ipa/shop', { user: 'overdue', password: FREEIPA_PASSWORD })).toMatch(WRONG);
      });
    });
  },
);

describe.skipIf(absent || !canBuildGlauth())('an image is pushed with an account of glauth', () => {
  it(
    'with the groups that it names by ou, and not with a disabled one',
    async () => {
      await using glauth = await startGlauth();
      const backend = `
- name: corp
  type: ldap
  preset: glauth
  urls: [${glauth.url}]
  bind: { dn: "${GLAUTH_SERVICE.dn}", password: { file: ldap.password } }
  users: { base: "${GLAUTH_BASE_DN}" }
  groups: { base: "ou=groups,${GLAUTH_BASE_DN}" }
`;
      await served(backend, GLAUTH_SERVICE.password, async () => {
        await expectTeam('web', { user: 'alice', password: GLAUTH_PASSWORD });
        expect(await push('web/shop', { user: 'dan', password: GLAUTH_PASSWORD })).toMatch(WRONG);
      });
    },
    GLAUTH_BUILD_TIMEOUT,
  );
});
