/** The Helm chart: what it makes of its values, by Helm itself and the types of the Kubernetes API. */
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { at, CHART, chartValues, fleetManifest, FLEET_MANIFEST } from '../../docker/package/chart.ts';
import type { ChartValue } from '../../docker/package/chart.ts';
import { DRAIN_AT_MOST_MS } from '../../src/app/drain.ts';
import { loadBroker } from '../../src/config/load.ts';
import { makeAuthority } from '../../src/platform/signing/authority.ts';
import { trustPaths } from '../../src/platform/signing/trust-files.ts';
import { BASES, OTHERS, SMALLEST, SMALLEST_SIDECAR } from '../support/chart-values.ts';
import { BUILD_TIMEOUT, buildHelm, canBuildHelm } from '../support/helm.ts';
import type { Helm, KubernetesObject, Values } from '../support/helm.ts';
import type { PodSpec } from '../unit/config/manifest.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const values = await chartValues();
const defaults: unknown = parse(await readFile(join(CHART, 'values.yaml'), 'utf8'));

const example = async (name: string): Promise<Values> =>
  parse(await readFile(join(CHART, `examples/${name}.yaml`), 'utf8')) as Values;

/** The values with one of them replaced. */
function withValue(base: Values, [name = '', ...rest]: readonly string[], value: unknown): Values {
  const inner = base[name];
  const child = typeof inner === 'object' && inner !== null ? (inner as Values) : {};
  return { ...base, [name]: rest.length === 0 ? value : withValue(child, rest, value) };
}

/** Another value than the one that the base or the defaults have. */
function otherValue({ path, schema }: ChartValue, base: Values): unknown {
  const other = OTHERS[path.join('.')];
  if (path.length === 1 && path[0] === 'config') return { ...(base['config'] as object), ...(other as object) };
  if (other !== undefined) return other;
  const now = at(base, path) ?? at(defaults, path);
  if (schema.enum !== undefined) return schema.enum.find((one) => one !== now);
  if (typeof now === 'boolean') return !now;
  if (typeof now === 'number') return now + 1;
  if (schema.type === 'string') return 'changed';
  throw new Error(`${path.join('.')} needs another value in OTHERS`);
}

function found(objects: readonly KubernetesObject[], kind: string): KubernetesObject {
  const object = objects.find((one) => one.kind === kind);
  if (object === undefined) throw new Error(`the chart makes no ${kind}`);
  return object;
}

interface DeploymentSpec {
  readonly strategy: { readonly type: string };
  readonly template: {
    readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
    readonly spec: PodSpec & { readonly terminationGracePeriodSeconds: number };
  };
}

const deployment = (objects: readonly KubernetesObject[]) => found(objects, 'Deployment').spec as DeploymentSpec;
const podOf = (objects: readonly KubernetesObject[]) => deployment(objects).template.spec;

/** The configuration of the chart, as the broker reads it, with the files that it names. */
async function loadRendered(objects: readonly KubernetesObject[], names: readonly string[]) {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'fairlead-chart-'));
  const { key, certificate } = await makeAuthority('ES256', 'test');
  for (const name of names) await writeFile(join(folder.path, name), name.endsWith('.key') ? key : certificate);
  for (const [name, text] of Object.entries(found(objects, 'ConfigMap').data ?? {})) {
    await writeFile(join(folder.path, name), text.replaceAll(/(?<= )\/(?:secrets|keys)\//g, ''));
  }
  return await loadBroker(join(folder.path, 'broker.yaml'));
}

describe.skipIf(!canBuildHelm())('the chart', () => {
  let helm: Helm;
  /** By the values of `BASES`. */
  const texts = new Map<Values, Promise<string>>();
  const rendered = (base: Values): Promise<string> => {
    const text = texts.get(base) ?? helm.template(base);
    texts.set(base, text);
    return text;
  };
  beforeAll(async () => {
    helm = await buildHelm();
  }, BUILD_TIMEOUT);

  const matrix: readonly (readonly [string, Values])[] = [
    ['the smallest values', SMALLEST],
    ['the smallest values of a sidecar', SMALLEST_SIDECAR],
    ['all brokers', BASES[0] ?? {}],
    ['an autoscaler', BASES[1] ?? {}],
    ['several sidecars', BASES[2] ?? {}],
    ['an authority', { ...SMALLEST, signingKey: { secret: 'authority', kind: 'authority' } }],
    ['a shared key', { ...SMALLEST, signingKey: { secret: 'key', kind: 'shared' } }],
    [
      'nothing optional',
      { ...SMALLEST, ...disabled('podDisruptionBudget', 'networkPolicy'), topologySpread: { keys: [] } },
    ],
    [
      'TLS',
      {
        ...SMALLEST,
        config: { ...SMALLEST.config, tls: { certFile: '/secrets/tls.crt', keyFile: '/secrets/tls.key' } },
      },
    ],
    ['an own ServiceAccount', { ...SMALLEST, serviceAccount: { create: false, name: 'own', mountToken: true } }],
    ['a volume for state', { ...SMALLEST, replicas: 1, state: { claim: 'state' } }],
    [
      'images in S3',
      { ...SMALLEST, mode: 'sidecar', registry: { strategy: 'RollingUpdate', storage: { claim: 'shared' } } },
    ],
    ['a policy of another repository', { ...SMALLEST, policy: { configMap: 'policy' } }],
    ['each other value', allOthers()],
    ['each other value of a sidecar', { ...allOthers(), mode: 'sidecar' }],
  ];

  it.each(matrix)(
    'is accepted by helm lint, and strictly by the Kubernetes API and its Restricted profile, with %s',
    async (_what, chosen) => {
      expect(await helm.lint(chosen)).toMatchObject({ code: 0, stderr: '' });

      const { code, stdout, stderr } = await helm.check(await helm.template(chosen));

      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(/^apps\/v1 Deployment \S+$/m);
    },
  );

  it('makes the objects of each API that its values enable', async () => {
    const { stdout } = await helm.check(await helm.template({ ...allOthers(), mode: 'sidecar', registry: {} }));

    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.split(' ').slice(0, 2).join(' '))
        .toSorted(),
    ).toEqual([
      'apps/v1 Deployment',
      'autoscaling/v2 HorizontalPodAutoscaler',
      'gateway.networking.k8s.io/v1 HTTPRoute',
      'monitoring.coreos.com/v1 PrometheusRule',
      'monitoring.coreos.com/v1 ServiceMonitor',
      'networking.k8s.io/v1 Ingress',
      'networking.k8s.io/v1 NetworkPolicy',
      'policy/v1 PodDisruptionBudget',
      'v1 ConfigMap',
      'v1 PersistentVolumeClaim',
      'v1 Pod',
      'v1 Service',
      'v1 Service',
      'v1 ServiceAccount',
    ]);
  });

  it.each<[string, (text: string) => string, RegExp]>([
    [
      'a field that does not exist',
      (text) => text.replace('maxUnavailable: 1', 'maxUnavailble: 1'),
      /unknown field "spec\.maxUnavailble"/,
    ],
    [
      'a field that is set twice',
      (text) => text.replace('enableServiceLinks: false', 'enableServiceLinks: false\n      enableServiceLinks: true'),
      /key "enableServiceLinks" already set/,
    ],
    ['a text in place of a number', (text) => text.replace('replicas: 2', 'replicas: two'), /replicas/],
    [
      'an API that does not exist',
      (text) => text.replace('policy/v1', 'policy/v9'),
      /no kind "PodDisruptionBudget" is registered/,
    ],
    [
      'a pod that may run as root',
      (text) => text.replaceAll('runAsNonRoot: true', 'runAsNonRoot: false'),
      /runAsNonRoot != true/,
    ],
  ])('is checked by a program that detects %s', async (_what, change, message) => {
    const text = await helm.template(SMALLEST);
    const changed = change(text);
    expect(changed).not.toBe(text);

    const { code, stderr } = await helm.check(changed);

    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(message) });
  });

  it.each(values.filter(({ path }) => path[0] !== 'global').map((value) => [value.path.join('.'), value] as const))(
    'makes something else of another %s',
    async (_name, value) => {
      for (const base of BASES) {
        const changed = withValue(base, value.path, otherValue(value, base));
        // Some values exclude each other; another base has those.
        const after = await helm.template(changed).catch(() => undefined);
        if (after !== undefined && after !== (await rendered(base))) return;
      }
      expect.fail('no manifest changes');
    },
  );

  it.each<[string, Values, RegExp]>([
    ['no image', { ...SMALLEST, image: {} }, /image\.repository is missing/],
    ['no public URL', { ...SMALLEST, config: { services: SMALLEST.config.services } }, /config\.publicUrl is missing/],
    ['no service', { ...SMALLEST, config: { publicUrl: SMALLEST.config.publicUrl } }, /config\.services is missing/],
    ['no policy', { ...SMALLEST, policy: {} }, /policy\.text is missing/],
    ['several brokers without a common key', { ...SMALLEST, signingKey: {} }, /signingKey\.secret is missing/],
    [
      'one broker without a key that lasts',
      { ...SMALLEST, replicas: 1, signingKey: {} },
      /signingKey\.secret is missing/,
    ],
    ['several sidecars without a common key', { ...SMALLEST_SIDECAR, replicas: 2 }, /signingKey\.secret is missing/],
    [
      'two sources of keys',
      { ...SMALLEST, config: { ...SMALLEST.config, keys: [{ name: 'own' }] } },
      /exclude each other/,
    ],
    [
      'an address to listen at',
      { ...SMALLEST, config: { ...SMALLEST.config, listen: ':80' } },
      /config\.listen is decided by the chart/,
    ],
    ['one volume for several brokers', { ...SMALLEST, state: { claim: 'state' } }, /state\.claim is for one replica/],
    [
      'refresh tokens that only one of several brokers has',
      withRefreshTokens(),
      /without records\.postgres each broker stores/,
    ],
    ['less time to end than requests may take', { ...SMALLEST, preStopSeconds: 11 }, /must be at least 31/],
    ['no host name', { ...SMALLEST, ingress: { enabled: true } }, /ingress\.host is missing/],
    ['no Gateway', { ...SMALLEST, httpRoute: { enabled: true } }, /httpRoute\.parentRefs is missing/],
    ['a value that does not exist', { ...SMALLEST, replicaCount: 3 }, /'replicaCount' not allowed/],
    ['a value of another type', { ...SMALLEST, replicas: 'three' }, /got string, want integer/],
    ['a mode that does not exist', { ...SMALLEST, mode: 'daemonset' }, /value must be one of 'deployment', 'sidecar'/],
  ])('refuses %s', async (_what, chosen, message) => {
    await expect(helm.template(chosen)).rejects.toThrow(message);
  });

  it('has a configuration that the broker reads, with logins in Valkey and refresh tokens in PostgreSQL', async () => {
    const chosen = withRefreshTokens({
      shared: { valkey: { urls: ['rediss://valkey:6379'] }, keyFile: '/secrets/fleet.key' },
      records: { postgres: { urlFile: '/secrets/postgres.url' } },
    });

    const files = ['tls.key', 'tls.crt', 'ca.crt', 'fleet.key', 'postgres.url'];
    const { config } = await loadRendered(await helm.objects(chosen), files);

    expect(config.shared?.keyFile.path).toMatch(/\/fleet\.key$/);
    expect(config.records?.postgres.urlFile.path).toMatch(/\/postgres\.url$/);
  });

  it.each<[string, Values, readonly string[], string]>([
    ['leaf', { secret: 'signing' }, ['tls.key', 'tls.crt', 'ca.crt'], 'caFile'],
    ['authority', { secret: 'signing', kind: 'authority' }, ['tls.key', 'tls.crt'], 'authority'],
    ['shared', { secret: 'signing', kind: 'shared' }, ['tls.key', 'tls.crt'], 'certFile'],
  ])(
    'has a configuration that the broker reads, with a signing key of the kind %s',
    async (_kind, signingKey, files, member) => {
      const objects = await helm.objects({ ...SMALLEST, signingKey });

      const { config } = await loadRendered(objects, files);

      expect(config.keys).toHaveLength(1);
      expect(config.keys[0]).toHaveProperty(member);
      const ports = podOf(objects).containers.flatMap((container) => container.ports ?? []);
      expect(ports.map(({ containerPort }) => `0.0.0.0:${containerPort}`)).toEqual([
        addressOf(config.listen),
        addressOf(config.admin?.listen),
      ]);
    },
  );

  it('gives the registry of a sidecar the realm, service, issuer and certificates of the broker', async () => {
    const objects = await helm.objects(await example('sidecar'));
    const { config } = await loadRendered(objects, ['ca.pem']);
    const { containers, initContainers } = podOf(objects);
    const [registry] = containers;

    expect(initContainers.map(({ name }) => name)).toEqual(['fairlead']);
    expect(Object.fromEntries((registry?.env ?? []).map(({ name, value }) => [name, value]))).toEqual({
      REGISTRY_AUTH: 'token',
      REGISTRY_AUTH_TOKEN_REALM: `${config.publicUrl}/token`,
      REGISTRY_AUTH_TOKEN_SERVICE: Object.keys(config.services)[0],
      REGISTRY_AUTH_TOKEN_ISSUER: config.tokens.issuer,
      REGISTRY_AUTH_TOKEN_ROOTCERTBUNDLE: trustPaths(config.trustDir ?? '').bundle,
    });
    expect(registry?.volumeMounts.map(({ name }) => name)).toEqual(['trust', 'images']);
  });

  it('gives a pod as much time to end as the broker needs, and starts the next one before', async () => {
    const objects = await helm.objects(SMALLEST);
    const pod = podOf(objects);
    const { preStopSeconds } = defaults as { readonly preStopSeconds: number };

    expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(preStopSeconds + DRAIN_AT_MOST_MS / 1000);
    expect(pod.containers[0]).toMatchObject({ lifecycle: { preStop: { sleep: { seconds: preStopSeconds } } } });
    expect(deployment(objects).strategy).toEqual({
      type: 'RollingUpdate',
      rollingUpdate: { maxUnavailable: 0, maxSurge: 1 },
    });
  });

  it('replaces the pods after a change of broker.yaml, and not after one of the policy, which the broker reads', async () => {
    const checksum = async (chosen: Values) =>
      deployment(await helm.objects(chosen)).template.metadata.annotations['checksum/config'];
    const before = await checksum(SMALLEST);

    expect(await checksum({ ...SMALLEST, policy: { text: 'rules: []\n# changed\n' } })).toBe(before);
    expect(await checksum({ ...SMALLEST, config: { ...SMALLEST.config, backends: [{ name: 'a' }] } })).not.toBe(before);
  });

  it('has the alert rules of docker/monitoring', async () => {
    const rule = found(await helm.objects(BASES[0] ?? {}), 'PrometheusRule');

    expect(rule.spec).toEqual(parse(await readFile(join(ROOT, 'docker/monitoring/fairlead-alerts.yaml'), 'utf8')));
  });

  it('lets nobody but its own test reach the broker until clients are named', async () => {
    const { ingress } = found(await helm.objects(SMALLEST), 'NetworkPolicy').spec as {
      readonly ingress: readonly unknown[];
    };

    expect(ingress).toEqual([
      {
        from: [
          {
            podSelector: {
              matchLabels: {
                'app.kubernetes.io/name': 'fairlead',
                'app.kubernetes.io/instance': 'site',
                'app.kubernetes.io/component': 'test',
              },
            },
          },
        ],
        ports: [{ port: 'token' }],
      },
    ]);
  });

  it('is what the plain manifests are made from', async () => {
    const { text } = await fleetManifest(helm.program);

    expect(await readFile(join(ROOT, FLEET_MANIFEST), 'utf8')).toBe(text);
  });

  it.each([FLEET_MANIFEST, 'docker/kubernetes-sidecar.yaml'])(
    'is not needed for %s, which the API accepts',
    async (file) => {
      const { code, stderr } = await helm.check(await readFile(join(ROOT, file), 'utf8'));

      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    },
  );
});

function addressOf(listen: { readonly host?: string; readonly port?: number } | object | undefined): string {
  const { host, port } = (listen ?? {}) as { readonly host?: string; readonly port?: number };
  return `${host}:${port}`;
}

function disabled(...names: readonly string[]): Values {
  return Object.fromEntries(names.map((name) => [name, { enabled: false }]));
}

function withRefreshTokens(more: object = {}): Values {
  const services = { 'registry.example.com': { refreshTokens: {} } };
  return { ...SMALLEST, config: { ...SMALLEST.config, services, ...more } };
}

/** All values that can be changed at the same time. */
function allOthers(): Values {
  const base = BASES[1] ?? {};
  const alone = new Set(['global', 'config', 'mode', 'state.claim', 'signingKey.kind']);
  return values
    .filter(({ path, schema }) => !alone.has(path.join('.')) && schema.type !== 'boolean')
    .reduce((chosen, value) => withValue(chosen, value.path, otherValue(value, base)), base);
}
