/** The recipes: the blocks that a reader copies are valid, and do what the text says. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { loadBroker, loadPolicy } from '../../../src/config/load.ts';
import { runPolicyTests } from '../../../src/core/policy/policy-test.ts';
import { run } from '../../support/process.ts';
import { findPart } from '../../support/parts.ts';
import { BLOCKS, RECIPES, recipeTexts } from '../../support/recipes.ts';

const YAML = BLOCKS.filter(({ language }) => language === 'yaml');
const titled = (wanted: string): readonly (readonly [string, string])[] =>
  BLOCKS.filter(({ title }) => title === wanted).map(({ recipe, text }) => [recipe, text]);
/** The environment variables with secrets that the recipes name. */
const SECRETS = ['KEYCLOAK_CLIENT_SECRET', 'REGISTRY_CLIENT_SECRET', 'ENTRA_CLIENT_SECRET', 'OKTA_CLIENT_SECRET'];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-recipes-'));
  for (const name of SECRETS) vi.stubEnv(name, 'a-secret-of-the-client');
});
afterAll(() => {
  vi.unstubAllEnvs();
  return rm(folder, { recursive: true, force: true });
});

async function written(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

describe('the recipes', () => {
  it('have valid YAML in every block that says so', () => {
    expect(YAML.length).toBeGreaterThan(8);
    for (const { text } of YAML) expect(parseAllDocuments(text).flatMap(({ errors }) => errors)).toEqual([]);
  });

  it.each(titled('broker.yaml'))('configure backends without a warning: %s', async (_recipe, text) => {
    const rest = [
      'listen: 127.0.0.1:5001',
      'publicUrl: https://auth.example.com',
      'services: { r: {} }',
      'policy: p.yaml',
    ];
    await written('p.yaml', 'rules: []');

    const { config, warnings } = await loadBroker(await written('broker.yaml', [text, ...rest].join('\n')));

    expect(warnings).toEqual([]);
    expect(config.backends.length).toBeGreaterThan(0);
  });

  it.each(titled('policy.yaml'))('have policies whose tests pass: %s', async (_recipe, text) => {
    const { policy, tests, warnings } = await loadPolicy(await written('policy.yaml', text));

    const results = runPolicyTests(policy, tests);
    expect(results.length).toBeGreaterThan(1);
    expect(results.filter(({ passed }) => !passed).map(({ summary }) => summary)).toEqual([]);
    expect(warnings).toEqual([]);
  });

  it('enable refresh tokens without a warning', async () => {
    const [services] = recipeTexts('recipes', 'services in broker.yaml');
    const rest = [
      'listen: 127.0.0.1:5001',
      'publicUrl: https://auth.example.com',
      'backends: [{ name: local, type: static-file, file: users.yaml }]',
      'policy: p.yaml',
    ];
    await written('p.yaml', 'rules: []');
    await written('users.yaml', 'users: {}');

    const { config, warnings } = await loadBroker(await written('broker.yaml', [services, ...rest].join('\n')));

    expect(warnings).toEqual([]);
    const days = 86_400;
    expect(config.services['registry.example.com']?.refreshTokens).toMatchObject({
      idle: 30 * days,
      absolute: 90 * days,
    });
  });

  it('have a policy for every recipe with a backend', () => {
    const having = (wanted: string): readonly string[] =>
      [...new Set(titled(wanted).map(([recipe]) => recipe))].toSorted();

    expect(having('policy.yaml')).toEqual(having('broker.yaml'));
    // The list of recipes, and the five that are about no backend.
    expect(having('broker.yaml')).toHaveLength(RECIPES.length - 6);
  });

  it('configure several brokers with nothing missing but the backends', async () => {
    const [text] = recipeTexts('several-brokers', 'broker.yaml of each machine');
    const backends = 'backends: [{ name: local, type: static-file, file: users.yaml }]';
    await written('policy.yaml', 'rules: []');
    await written('users.yaml', 'users: {}');

    const path = await written('several.yaml', `${text}\n${backends}`);
    const { config, warnings } = await loadBroker(path, { secrets: 'unused' });

    expect(warnings).toEqual([]);
    expect([config.shared, config.records]).not.toContain(undefined);
  });

  it.skipIf(findPart({ program: 'jq', debian: 'jq' }) === undefined)(
    'have a credential provider that returns the token as the password',
    async () => {
      const [script] = recipeTexts('kubernetes', '!/bin/sh');
      const request = {
        apiVersion: 'credentialprovider.kubelet.k8s.io/v1',
        kind: 'CredentialProviderRequest',
        image: 'registry.example.com/team-web/app:1',
        serviceAccountToken: 'a.b.c',
      };

      const { stdout } = await run('sh', [await written('registry-token', script)], { stdin: JSON.stringify(request) });

      expect(JSON.parse(stdout)).toEqual({
        apiVersion: 'credentialprovider.kubelet.k8s.io/v1',
        kind: 'CredentialProviderResponse',
        cacheKeyType: 'Registry',
        cacheDuration: '0s',
        auth: { 'registry.example.com': { username: 'kubelet', password: 'a.b.c' } },
      });
    },
  );
});
