/** The recipes: what they tell a reader to copy can be read, and does what they say. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { loadBroker, loadPolicy } from '../../../src/config/load.ts';
import { runPolicyTests } from '../../../src/core/policy/policy-test.ts';
import { run } from '../../support/process.ts';
import { findPart } from '../../support/parts.ts';

const TEXT = readFileSync(resolve(import.meta.dirname, '../../../config/recipes.md'), 'utf8');
const BLOCKS = [...TEXT.matchAll(/^```(yaml|sh)\n(.*?)^```$/gms)].map(([, language, text = '']) => ({
  language,
  text,
}));
const YAML = BLOCKS.filter(({ language }) => language === 'yaml').map(({ text }) => text);
const beginning = (first: string): readonly string[] => YAML.filter((text) => text.startsWith(`# ${first}\n`));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-recipes-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function written(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

describe('the recipes', () => {
  it('are YAML wherever they say so', () => {
    expect(YAML.length).toBeGreaterThan(8);
    for (const text of YAML) expect(parseAllDocuments(text).flatMap(({ errors }) => errors)).toEqual([]);
  });

  it.each(beginning('broker.yaml').map((text) => [text]))('configure backends without a warning: %#', async (text) => {
    const rest = [
      'listen: 127.0.0.1:5001',
      'publicUrl: https://auth.example.com',
      'services: { r: {} }',
      'policy: p.yaml',
    ];
    await written('p.yaml', 'rules: []');

    const { config, warnings } = await loadBroker(await written('broker.yaml', [text, ...rest].join('\n')));

    expect(warnings).toEqual([]);
    expect(config.backends.every(({ type }) => type === 'oidc-token')).toBe(true);
  });

  it.each(beginning('policy.yaml').map((text) => [text]))('have policies whose tests pass: %#', async (text) => {
    const { policy, tests, warnings } = await loadPolicy(await written('policy.yaml', text));

    const results = runPolicyTests(policy, tests);
    expect(results.length).toBeGreaterThan(1);
    expect(results.filter(({ passed }) => !passed).map(({ summary }) => summary)).toEqual([]);
    // The rule that their main branch writes has push alone, beside the one that all of them pull.
    expect(warnings.filter((warning) => !warning.includes('push without pull'))).toEqual([]);
  });

  it('are three of each', () => {
    expect([beginning('broker.yaml').length, beginning('policy.yaml').length]).toEqual([3, 3]);
  });

  it.skipIf(findPart({ program: 'jq', debian: 'jq' }) === undefined)(
    'have a credential provider that hands on what it is given',
    async () => {
      const script = BLOCKS.find(({ text }) => text.startsWith('#!/bin/sh'))?.text ?? '';
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
