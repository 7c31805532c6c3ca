import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadBroker } from '../../../src/config/load.ts';
import type { LoadedBroker } from '../../../src/config/load.ts';

const DAY = 86_400;
const LOCAL = '{ name: local, type: static-file, file: users.yaml }';
const SSO =
  '{ name: sso, type: oidc-password, issuer: https://id.example.com, client: { id: a, secret: { env: PATH } } }';
const ldap = (more: string): string =>
  `{ name: corp, type: ldap, urls: [ldaps://dc.example.com], groups: { base: "ou=groups,dc=a" }, ${more} }`;
const TEMPLATE = 'users: { template: "uid={login},dc=a" }';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-refresh-config-'));
  await writeFile(join(folder, 'policy.yaml'), 'rules: []');
  await writeFile(join(folder, 'users.yaml'), 'users: {}');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function load(service: string, backend = LOCAL): Promise<LoadedBroker> {
  const file = join(folder, 'broker.yaml');
  const lines = [
    'listen: 127.0.0.1:0',
    'publicUrl: http://localhost:5001',
    `services: { r: ${service} }`,
    `backends: [${backend}]`,
    'policy: policy.yaml',
  ];
  await writeFile(file, lines.join('\n'));
  return loadBroker(file);
}

describe('refreshTokens of a service', () => {
  it('is off by default', async () => {
    const { config } = await load('{}');

    expect(config.services['r']).not.toHaveProperty('refreshTokens');
  });

  it('defaults to 30 days, 90 days and 50 tokens for each user when it is empty', async () => {
    const { config, warnings } = await load('{ refreshTokens: {} }');

    expect(config.services['r']?.refreshTokens).toEqual({ idle: 30 * DAY, absolute: 90 * DAY, maxPerUser: 50 });
    expect(warnings).toEqual([]);
  });

  it.each([
    ['{ refreshTokens: { idle: 59m } }', /idle: found "59m", expected a duration from 1h to 366d/],
    ['{ refreshTokens: { absolute: 367d } }', /absolute: found "367d", expected a duration from 1h to 366d/],
    ['{ refreshTokens: { maxPerUser: 0 } }', /maxPerUser: found 0/],
    ['{ refreshTokens: { idel: 1h } }', /idel: unknown key, .*did you mean "idle"/],
    ['{ refreshTokens: true }', /refreshTokens: found true/],
  ])('refuses %s', async (service, problem) => {
    await expect(load(service)).rejects.toThrow(problem);
  });

  it.each([
    ['the password grant', SSO],
    ['a directory that nobody reads before the bind', ldap(TEMPLATE)],
  ])('warns where no backend can look an account up again: %s', async (_what, backend) => {
    const { warnings } = await load('{ refreshTokens: {} }', backend);

    expect(warnings).toEqual([expect.stringMatching(/:3:18: services\.r\.refreshTokens: nobody gets a refresh token/)]);
  });

  it.each([
    ['one that can is there as well', `${LOCAL}, ${SSO}`],
    ['a service account reads', ldap(`${TEMPLATE}, bind: { dn: "cn=a", password: { env: PATH } }`)],
    ['users are searched', ldap('users: { base: "dc=a" }')],
  ])('does not warn where %s', async (_what, backend) => {
    expect((await load('{ refreshTokens: {} }', backend)).warnings).toEqual([]);
  });
});
