/** The files in config: the samples load, the schemas are up to date, and the reference has every key. */
import { readdirSync, readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { backendFields } from '../../../src/backends/fields.ts';
import { backendModules } from '../../../src/backends/index.ts';
import { schemaTexts } from '../../../src/config/json-schema.ts';
import { loadBroker, loadPolicy } from '../../../src/config/load.ts';
import { fillTables } from '../../../src/config/reference.ts';
import { runPolicyTests } from '../../../src/core/policy/policy-test.ts';
import { metricNames } from '../../support/metric-names.ts';
import { keyPaths } from './key-paths.ts';
import type { JsonSchema } from './key-paths.ts';

const CONFIG = resolve(import.meta.dirname, '../../../config');

const TYPES: readonly string[] = backendModules.map(({ type }) => type);
const EXAMPLES = readdirSync(join(CONFIG, 'examples')).toSorted();
const textOf = (name: string): string => readFileSync(join(CONFIG, 'examples', name), 'utf8');
/** The environment variables that the examples name. */
const VARIABLES = new Set(
  EXAMPLES.flatMap((name) =>
    [...textOf(name).matchAll(/\benv: *([A-Z][A-Z0-9_]*)/g)].map(([, variable = '']) => variable),
  ),
);

beforeEach(() => {
  for (const name of VARIABLES) vi.stubEnv(name, 'for the test');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

describe('the sample configuration', () => {
  it('loads without a warning, before its users have passwords', async () => {
    const { config, warnings } = await loadBroker(join(CONFIG, 'broker.yaml'));

    expect(warnings).toEqual([]);
    expect(config).toMatchObject({
      listen: { host: '127.0.0.1', port: 5001 },
      services: { 'localhost:5000': { anonymous: 'allow' } },
      backends: [{ name: 'local', type: 'static-file' }],
      policy: { file: join(CONFIG, 'policy.yaml') },
    });
  });

  it('has a policy whose tests pass', async () => {
    const { policy, tests, warnings } = await loadPolicy(join(CONFIG, 'policy.yaml'));

    const results = runPolicyTests(policy, tests);
    expect(results.length).toBeGreaterThan(3);
    expect(results.filter(({ passed }) => !passed).map(({ summary }) => summary)).toEqual([]);
    expect(warnings).toEqual([]);
  });
});

describe('the examples', () => {
  it('are YAML files', () => {
    expect(EXAMPLES.length).toBeGreaterThanOrEqual(TYPES.length);
    expect(EXAMPLES.filter((name) => !name.endsWith('.yaml'))).toEqual([]);
  });

  it.each(EXAMPLES)('%s loads without a warning', async (name) => {
    const { config, warnings } = await loadBroker(join(CONFIG, 'examples', name));

    expect(warnings).toEqual([]);
    expect(config.backends.length).toBeGreaterThan(0);
  });

  it('show every type of backend', async () => {
    const loaded = await Promise.all(EXAMPLES.map((name) => loadBroker(join(CONFIG, 'examples', name))));

    const shown = new Set<string>(loaded.flatMap(({ config }) => config.backends.map(({ type }) => type)));
    expect([...shown].toSorted()).toEqual(TYPES.toSorted());
  });

  it('hold no secret', () => {
    for (const name of EXAMPLES) expect(textOf(name)).not.toMatch(/(?:password|secret|bearer): *['"\w]/);
  });
});

describe('the JSON Schemas', () => {
  it('are those that `npm run generate` writes', async () => {
    const texts = schemaTexts();

    expect(await readFile(join(CONFIG, 'broker.schema.json'), 'utf8')).toBe(texts.broker);
    expect(await readFile(join(CONFIG, 'policy.schema.json'), 'utf8')).toBe(texts.policy);
  });

  it('take what a file holds, not what it becomes', () => {
    const { broker } = parsed();

    expect(broker.properties['listen']).toMatchObject({ type: 'string' });
    expect(broker.properties['tls']?.properties?.['certFile']).toMatchObject({ type: 'string', minLength: 1 });
    expect(broker.properties['tokens']?.properties?.['lifetime']?.properties?.['pull']).toMatchObject({
      type: 'string',
    });
    expect(broker.required?.toSorted()).toEqual(['listen', 'policy', 'publicUrl', 'services']);
    expect(JSON.stringify(broker)).toContain('"env":{"type":"string"');
  });

  it('refuse unknown keys, and distinguish backends by their type', () => {
    const { broker, policy } = parsed();

    expect([broker.additionalProperties, policy.additionalProperties]).toEqual([false, false]);
    const options = broker.properties['backends']?.items?.oneOf ?? [];
    expect(options.map(({ properties }) => properties?.['type']?.const)).toEqual(TYPES);
  });

  it('describe every section', () => {
    const { broker, policy } = parsed();

    for (const { properties } of [broker, policy]) {
      for (const [key, { description }] of Object.entries(properties))
        expect({ key, description }).toEqual({ key, description: expect.any(String) });
    }
  });
});

describe('the reference', () => {
  const FOLDER = join(CONFIG, 'reference');

  async function pages(): Promise<ReadonlyMap<string, string>> {
    const names = await readdir(FOLDER);
    return new Map(
      await Promise.all(names.map(async (name) => [name, await readFile(join(FOLDER, name), 'utf8')] as const)),
    );
  }

  const keysIn = (text: string): readonly string[] =>
    [...text.matchAll(/^\| `([^`]+)` \|(?:[^|]*\|){3}$/gm)].flatMap(([, key]) => key ?? []);

  it('has every key of both files', async () => {
    const documented = new Set([...(await pages()).values()].flatMap(keysIn));
    const { broker, policy } = parsed();

    const keys = [...keyPaths(broker), ...keyPaths(policy)];
    expect(keys.length).toBeGreaterThan(60);
    expect(keys.filter((key) => !documented.has(key))).toEqual([]);
  });

  it.each(TYPES)('has a page with every key of backend %s, and no other', async (type) => {
    const page = (await pages()).get(`backend-${type}.md`) ?? '';
    const schema = parsed().broker.properties['backends']?.items?.oneOf?.find(
      ({ properties }) => properties?.['type']?.const === type,
    );
    const shared = Object.keys({ type: '', ...backendFields });

    const keys = [...keyPaths(schema ?? {})].filter((key) => !shared.includes(key));
    expect(keysIn(page).toSorted()).toEqual(keys.toSorted());
  });

  it('lists each type of backend with its page', async () => {
    const text = (await pages()).get('backends.md') ?? '';

    for (const { type } of backendModules) expect(text).toContain(`[${type}](backend-${type}.md)`);
  });

  it('has a meaning for every key', async () => {
    const rows = [...(await pages()).values()].flatMap((text) => [
      ...text.matchAll(/^\| `([^`]+)` \|[^|]*\|[^|]*\|([^|]*)\|$/gm),
    ]);

    expect(rows.length).toBeGreaterThan(100);
    expect(rows.filter(([, , meaning = '']) => meaning.trim() === '').map(([, key]) => key)).toEqual([]);
  });

  it('has tables that `npm run generate` writes', async () => {
    for (const [name, text] of await pages())
      expect({ name, text: fillTables(text, schemaTexts()) }).toEqual({ name, text });
  });

  it('is reached from the first page of the configuration', async () => {
    const text = await readFile(join(CONFIG, 'README.md'), 'utf8');
    const backends = (await pages()).get('backends.md') ?? '';

    const names = [...(await pages()).keys()];
    expect(names.filter((name) => !text.includes(`(reference/${name})`) && !backends.includes(`(${name})`))).toEqual(
      [],
    );
  });

  it('names every metric, and no other', async () => {
    const named = await metricNames();
    expect(named.length).toBeGreaterThan(20);
    const documented = [...((await pages()).get('metrics.md') ?? '').matchAll(/^\| `(fairlead_\w+)/gm)];
    expect(documented.flatMap(([, name]) => name ?? []).toSorted()).toEqual(named);
  });
});

function parsed() {
  const { broker, policy } = schemaTexts();
  return { broker: asSchema(broker), policy: asSchema(policy) };
}

function asSchema(text: string): JsonSchema & { readonly properties: Readonly<Record<string, JsonSchema>> } {
  const schema: JsonSchema = JSON.parse(text);
  return { ...schema, properties: schema.properties ?? {} };
}
