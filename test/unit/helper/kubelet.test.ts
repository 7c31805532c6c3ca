/** The credential provider of kubelet. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openHome } from '../../support/helper-host.ts';
import type { HelperHome } from '../../support/helper-host.ts';

const API = 'credentialprovider.kubelet.k8s.io/v1';
const IMAGE = 'registry.example.com:5000/web/shop@sha256:0123';

let home: HelperHome;
beforeEach(async () => {
  home = await openHome();
});
afterEach(() => home[Symbol.asyncDispose]());

function jwt(claims: object): string {
  const part = (json: object): string => Buffer.from(JSON.stringify(json)).toString('base64url');
  return `${part({ alg: 'ES256' })}.${part(claims)}.signature`;
}

function request(more: object): string {
  return JSON.stringify({ apiVersion: API, kind: 'CredentialProviderRequest', image: IMAGE, ...more });
}

it('answers kubelet with the token of the service account, cached until a minute before its end', async () => {
  const serviceAccountToken = jwt({ exp: home.now + 3600 });

  const { code, stdout } = await home.run(['kubelet'], request({ serviceAccountToken, serviceAccountAnnotations: {} }));

  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual({
    apiVersion: API,
    kind: 'CredentialProviderResponse',
    cacheKeyType: 'Registry',
    cacheDuration: '3540s',
    auth: { 'registry.example.com:5000': { username: 'kubelet', password: serviceAccountToken } },
  });
});

it('has kubelet cache no token that is about to end', async () => {
  const { stdout } = await home.run(['kubelet'], request({ serviceAccountToken: jwt({ exp: home.now + 59 }) }));

  expect(JSON.parse(stdout)).toMatchObject({ cacheDuration: '0s' });
});

it('sends the token of a file, with the user name that was given', async () => {
  const file = join(home.home, 'token');
  await writeFile(file, 'flp_secret\n');

  const { stdout } = await home.run(['kubelet', '--token-file', file, '--username=node-7'], request({}));

  expect(JSON.parse(stdout)).toMatchObject({
    cacheDuration: '300s',
    auth: { 'registry.example.com:5000': { username: 'node-7', password: 'flp_secret' } },
  });
});

const VALID = { serviceAccountToken: jwt({ exp: 9_999_999_999 }) };

it.each([
  ['an image without a registry', request({ ...VALID, image: 'nginx:1' }), [], 'names no registry'],
  [
    'a registry that the provider does not serve',
    request(VALID),
    ['other.example.com'],
    'is not one of the registries',
  ],
  ['no token', request({}), [], 'has sent no service account token'],
  ['a token that is no JWT', request({ serviceAccountToken: 'secret-text' }), [], 'is not a JWT'],
  ['another version', request({ ...VALID, apiVersion: 'credentialprovider.kubelet.k8s.io/v1alpha1' }), [], 'expected'],
  ['what is no JSON', 'secret-text', [], 'not valid JSON'],
])('refuses %s without an answer, and prints no token', async (_what, stdin, args, problem) => {
  const { code, stdout, stderr } = await home.run(['kubelet', ...args], stdin);

  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toContain(problem);
  for (const secret of ['secret-text', VALID.serviceAccountToken]) expect(stderr).not.toContain(secret);
});
