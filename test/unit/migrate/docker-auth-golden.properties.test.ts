/** Configurations of docker_auth with what they are imported to, for people to read. */
import { generateKeyPairSync } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadUsers } from '../../../src/backends/static-file/users.ts';
import { FilePath } from '../../../src/backends/fields.ts';
import { loadBroker } from '../../../src/config/load.ts';
import { createSecrets } from '../../../src/config/secrets.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { imported } from './imported.ts';

const GOLDEN = resolve(import.meta.dirname, '../../golden/docker-auth');
const source = (name: string): Promise<string> => readFile(resolve(GOLDEN, name), 'utf8');

async function expectGolden(name: string, text: string): Promise<void> {
  const path = resolve(GOLDEN, name);
  if (process.env['UPDATE_GOLDEN'] !== undefined) await writeFile(path, text);
  expect(text).toBe(await readFile(path, 'utf8'));
}

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const KEYS = {
  'server.key': privateKey.export({ type: 'pkcs8', format: 'pem' }),
  'server.pem': 'a certificate',
};

describe('the reference configuration of docker_auth', () => {
  it('becomes a policy with the same decisions on the grid', async () => {
    await using made = await imported(await source('reference.yml'), KEYS, ['Docker registry']);

    const { decisions } = made;
    expect(decisions.length).toBeGreaterThan(900);
    expect(decisions.filter(({ same }) => !same)).toEqual([]);
    // Rules 11 to 16 come too late for those who have logged in, and anonymous has no labels.
    const decisive = new Set(decisions.map(({ before }) => before.rule));
    expect(decisive).toEqual(new Set([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, undefined]));
    await expectGolden('reference.policy.yaml', made.text('policy.yaml'));
  });

  it('loads as a broker with the users, the directory and the key', async () => {
    await using made = await imported(await source('reference.yml'), KEYS, ['Docker registry']);

    const { config } = await loadBroker(made.files.path('out/broker.yaml'));

    expect(config).toMatchObject({
      listen: { host: '::', port: 5001 },
      tokens: { issuer: 'Acme auth server', lifetime: { pull: 900, push: 900 } },
      keys: [{ name: 'default', algorithm: 'RS256' }],
      services: { 'Docker registry': { anonymous: 'allow' } },
      backends: [
        { type: 'static-file' },
        { type: 'ldap', tls: { mode: 'ldaps' }, users: { base: 'o=example.com', usernameAttribute: 'uid' } },
      ],
    });
    expect(config.tls?.keyFile.path).toBe(made.files.path('server.key'));
    const file = new FilePath(made.files.path('out/users.yaml'));
    const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
    const deps = { clock: systemClock, log, secret: createSecrets() };
    const users = await loadUsers({ type: 'static-file', name: 'local', file }, deps);
    expect([...users.byName.keys()]).toEqual(['admin', 'test']);
  });

  it('has rules that are never reached, each reported with its line', async () => {
    await using made = await imported(await source('reference.yml'), KEYS, ['Docker registry']);

    expect(made.lines.filter((line) => line.includes('never reached'))).toEqual(
      [57, 60, 62, 64, 66, 68].map(
        (line, at) =>
          `auth.yml:${line}: trap: rule ${at + 11}: is never reached: rule 9 (line 51) decides all requests that it matches`,
      ),
    );
  });

  it('is converted completely', async () => {
    await using made = await imported(await source('reference.yml'), KEYS, ['Docker registry']);

    expect(made.lines.filter((line) => line.includes('not converted'))).toEqual([]);
  });
});

describe('the rules that docker_auth’s documentation shows', () => {
  it('become a policy with the same decisions on the grid', async () => {
    await using made = await imported(await source('documented.yml'));

    const { decisions } = made;
    expect(decisions.length).toBeGreaterThan(1000);
    expect(decisions.filter(({ same }) => !same)).toEqual([]);
    expect(made.lines.filter((line) => line.includes('not converted'))).toEqual([]);
    // Of the others, the first rule takes all of one, and braces are in the name of the other.
    const decisive = new Set(decisions.map(({ before }) => before.rule));
    expect(decisive).toEqual(new Set([1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, undefined]));
    expect(made.result.services).toEqual(['registry', 'registry.example.com']);
    await expectGolden('documented.policy.yaml', made.text('policy.yaml'));
  });

  it('load as a broker that asks the directory for what the labels need', async () => {
    await using made = await imported(await source('documented.yml'));

    const { config } = await loadBroker(made.files.path('out/broker.yaml'));

    expect(config.backends[1]).toMatchObject({
      type: 'ldap',
      tls: { mode: 'starttls' },
      users: { base: 'ou=people,dc=example,dc=com', usernameAttribute: 'uid' },
      groups: { base: 'dc=example,dc=com', from: 'memberOf', name: 'cn', nested: 'off' },
      attributes: ['title'],
    });
  });

  it('give users groups for their labels', async () => {
    await using made = await imported(await source('documented.yml'));

    expect(made.text('users.yaml')).toContain('groups: [group:web, group:webdev, project:website');
  });
});

describe('the traps of docker_auth', () => {
  it('are reported, each with its line', async () => {
    await using made = await imported(await source('traps.yml'));

    await expectGolden('traps.report.txt', made.lines.map((line) => `${line}\n`).join(''));
  });

  it('are imported without granting more than docker_auth does', async () => {
    await using made = await imported(await source('traps.yml'));

    const wider = made.decisions.filter(({ before, after }) =>
      after.granted.some((action) => !before.granted.includes(action)),
    );
    expect(made.decisions.length).toBeGreaterThan(1000);
    expect(wider).toEqual([]);
  });

  it('show no secret, and write it to a file for its owner only', async () => {
    await using made = await imported(await source('traps.yml'));

    const shown = [...made.lines, made.text('broker.yaml'), made.text('policy.yaml')].join('\n');
    expect(shown).not.toContain('not-to-be-printed');
    const path = made.files.path('out/secrets/oidc-client-secret');
    expect(await readFile(path, 'utf8')).toBe('not-to-be-printed\n');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(made.files.path('out/users.yaml'))).mode & 0o777).toBe(0o600);
    expect((await stat(made.files.path('out/policy.yaml'))).mode & 0o077).not.toBe(0);
  });
});
