/** What `docker/` gives its reader to start from is read by the code it is for. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { loadBroker, loadPolicy } from '../../../src/config/load.ts';
import { runPolicyTests } from '../../../src/core/policy/policy-test.ts';

const DOCKER = resolve(import.meta.dirname, '../../../docker');

it('the configuration of the compose file loads, and its policy passes its tests', async () => {
  const { config, warnings } = await loadBroker(join(DOCKER, 'try/broker.yaml'));
  const { policy, tests } = await loadPolicy(config.policy.file);

  expect(tests.length).toBeGreaterThan(0);
  expect(runPolicyTests(policy, tests).filter(({ passed }) => !passed)).toEqual([]);
  // It listens on all addresses of its container, and its directory has no TLS: both are said.
  expect(warnings.join('\n')).toMatch(/listen/);
});

it('the registry of the compose file names the realm, service and issuer of that configuration', async () => {
  const { config } = await loadBroker(join(DOCKER, 'try/broker.yaml'));
  const { services } = parse(await readFile(join(DOCKER, 'compose.yaml'), 'utf8')) as {
    services: { registry: { environment: Record<string, string> } };
  };

  expect(services.registry.environment).toMatchObject({
    REGISTRY_AUTH_TOKEN_REALM: `${config.publicUrl}/token`,
    REGISTRY_AUTH_TOKEN_SERVICE: Object.keys(config.services)[0],
    REGISTRY_AUTH_TOKEN_ISSUER: config.tokens.issuer,
  });
});

it('the directory of the compose file writes only to its volume, which belongs to its user', async () => {
  const { services } = parse(await readFile(join(DOCKER, 'compose.yaml'), 'utf8')) as {
    services: { ldap: { read_only: boolean; volumes: string[] } };
  };
  const written = (await readFile(join(DOCKER, 'ldap/slapd.conf'), 'utf8')).matchAll(
    /^(?:directory|pidfile|argsfile|logfile) (\S+)$/gm,
  );

  expect(services.ldap.read_only).toBe(true);
  expect([...written].map(([, path]) => `directory:${path}`)).toEqual(services.ldap.volumes);
});

it('the configuration in the Kubernetes manifest loads', async () => {
  await using resources = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-manifest-'));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  const manifests = parseAllDocuments(await readFile(join(DOCKER, 'kubernetes-sidecar.yaml'), 'utf8')).map(
    (document) => document.toJS() as { kind: string; data?: Record<string, string> },
  );
  const files = manifests.find(({ kind }) => kind === 'ConfigMap')?.data ?? {};
  for (const name of ['ca.pem', 'ldap-password']) await writeFile(join(folder, name), 'x');
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(folder, name), text.replaceAll('/secrets/', `${folder}/`));
  }

  const { config } = await loadBroker(join(folder, 'broker.yaml'));
  const { policy } = await loadPolicy(config.policy.file);

  expect(manifests.map(({ kind }) => kind)).toEqual(['ConfigMap', 'Deployment', 'Service', 'Ingress']);
  expect(Object.keys(config.services)).toEqual(['registry.example.com']);
  expect(policy.rules).toHaveLength(1);
});
