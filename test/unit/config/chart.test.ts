/** The Helm chart, as far as it can be tested without Helm. */
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { at, CHART, chartFiles, chartValues, FLEET_MANIFEST } from '../../../docker/package/chart.ts';
import { makeAuthority, issueLeaf } from '../../../src/platform/signing/authority.ts';
import { readKey } from '../../../src/platform/signing/read-key.ts';
import { version } from '../../../src/platform/version.ts';
import { MAIN } from '../../support/broker.ts';
import { run } from '../../support/process.ts';
import { readManifest } from './manifest.ts';

const ROOT = resolve(import.meta.dirname, '../../..');

const readYaml = async (name: string): Promise<unknown> => parse(await readFile(join(CHART, name), 'utf8'));

/** The paths of all values; a mapping that is empty is a value. */
function pathsOf(value: unknown, path: readonly string[] = []): readonly string[] {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isMap || Object.keys(value).length === 0) return [path.join('.')];
  return Object.entries(value).flatMap(([name, child]) => pathsOf(child, [...path, name]));
}

describe('the chart', () => {
  it('has the version of the program', async () => {
    expect(await readYaml('Chart.yaml')).toMatchObject({ version: version(), appVersion: version() });
  });

  it('describes each value in the schema, and has a default for each', async () => {
    const values = (await chartValues()).filter(({ path }) => path[0] !== 'global');
    const defaults = await readYaml('values.yaml');

    expect(values.length).toBeGreaterThan(60);
    for (const { path, schema } of values) {
      expect.soft(schema.description, path.join('.')).toMatch(/^\S.*[^.]$/s);
      expect.soft(at(defaults, path), path.join('.')).toBeDefined();
    }
    const described = values.map(({ path }) => path.join('.'));
    const isDescribed = (path: string) => described.some((name) => path === name || path.startsWith(`${name}.`));
    expect(pathsOf(defaults).filter((path) => !isDescribed(path))).toEqual([]);
  });

  it('has the table of its values and the alert rules as they are generated', async () => {
    for (const { path, text } of await chartFiles()) expect(await readFile(join(ROOT, path), 'utf8'), path).toBe(text);
  });
});

describe('the manifests of a fleet', () => {
  it('have a configuration that passes `fairlead check`', async () => {
    const { data = {} } = (await readManifest(join(ROOT, FLEET_MANIFEST))).object('ConfigMap', 'fairlead');
    await using folder = await mkdtempDisposable(join(tmpdir(), 'fairlead-fleet-'));
    const path = (name: string): string => join(folder.path, name);
    const write = (name: string, text: string) => writeFile(path(name), text, { mode: 0o600 });
    const authority = await makeAuthority('ES256', 'test');
    await write('ca.key', authority.key);
    for (const name of ['ca.crt', 'ca.pem']) await write(name, authority.certificate);
    const issuer = await readKey({ keyFile: path('ca.key'), certFile: path('ca.crt') }, 'ES256');
    const leaf = await issueLeaf(issuer, { algorithm: 'ES256', name: 'test', lifetime: 86_400 });
    await write('tls.key', leaf.key);
    await write('tls.crt', leaf.certificate);
    await write('ldap-password', 'only for this test');
    for (const [name, text] of Object.entries(data)) {
      await write(name, text.replaceAll(/\/(?:secrets|keys)\//g, '').replace('/state/broker', path('state')));
    }

    const { code, stdout, stderr } = await run(process.execPath, [MAIN, 'check', '--config', path('broker.yaml')]);

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.match(/^warning: .*/gm)).toEqual([expect.stringContaining('passwords arrive without TLS')]);
  });
});
