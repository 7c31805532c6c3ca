/** The deployment files in `docker/` fit the code, and keep secrets from whoever does not need them. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadBroker, loadPolicy } from '../../../src/config/load.ts';
import { runPolicyTests } from '../../../src/core/policy/policy-test.ts';
import { makeKey } from '../../../src/platform/signing/keygen.ts';
import { trustPaths } from '../../../src/platform/signing/trust-files.ts';
import { MAIN } from '../../support/broker.ts';
import { run } from '../../support/process.ts';
import { readManifest } from './manifest.ts';
import type { Container, PodSpec } from './manifest.ts';

const DOCKER = resolve(import.meta.dirname, '../../../docker');

interface ComposeService {
  readonly image?: string;
  readonly read_only: boolean;
  readonly cap_drop: readonly string[];
  readonly security_opt: readonly string[];
  readonly mem_limit: string;
  readonly pids_limit: number;
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes: readonly string[];
  readonly networks: readonly string[];
  readonly ports?: readonly string[];
}

interface Compose {
  readonly services: Readonly<Record<'ldap' | 'broker' | 'registry', ComposeService>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean } | null>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const readCompose = async (): Promise<Compose> =>
  parse(await readFile(join(DOCKER, 'compose.yaml'), 'utf8')) as Compose;

describe('the compose file', () => {
  it('has a configuration that loads, with a policy that passes its tests', async () => {
    const { config, warnings } = await loadBroker(join(DOCKER, 'try/broker.yaml'));
    const { policy, tests } = await loadPolicy(config.policy.file);

    expect(tests.length).toBeGreaterThan(0);
    expect(runPolicyTests(policy, tests).filter(({ passed }) => !passed)).toEqual([]);
    // It listens on all addresses of its container, and its directory has no TLS.
    expect(warnings.join('\n')).toMatch(/listen/);
  });

  it('configures the registry with the realm, service, issuer and certificates of that configuration', async () => {
    const { config } = await loadBroker(join(DOCKER, 'try/broker.yaml'));
    const { registry } = (await readCompose()).services;

    expect(registry.environment).toMatchObject({
      REGISTRY_AUTH_TOKEN_REALM: `${config.publicUrl}/token`,
      REGISTRY_AUTH_TOKEN_SERVICE: Object.keys(config.services)[0],
      REGISTRY_AUTH_TOKEN_ISSUER: config.tokens.issuer,
      REGISTRY_AUTH_TOKEN_ROOTCERTBUNDLE: trustPaths(config.trustDir ?? '').bundle,
    });
  });

  it('mounts the private key into the broker only, and the certificates read-only into the registry', async () => {
    const { config } = await loadBroker(join(DOCKER, 'try/broker.yaml'));
    const { broker, registry, ldap } = (await readCompose()).services;

    expect(broker.volumes).toContain(`state:${config.stateDir}`);
    expect(broker.volumes).toContain(`trust:${config.trustDir}`);
    expect(registry.volumes).toContain('trust:/trust:ro');
    expect([...registry.volumes, ...ldap.volumes].filter((volume) => volume.startsWith('state:'))).toEqual([]);
  });

  it('confines every service: read-only, without capabilities, with limits, published on loopback only', async () => {
    const { services } = await readCompose();

    for (const service of Object.values(services)) {
      expect(service).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
        mem_limit: expect.stringMatching(/^\d+m$/),
        pids_limit: expect.any(Number),
      });
      for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/);
    }
  });

  it('names volumes and networks that it defines, and keeps the directory without TLS to the broker', async () => {
    const { services, networks, volumes } = await readCompose();

    for (const service of Object.values(services)) {
      for (const volume of service.volumes.filter((one) => !one.startsWith('.')))
        expect(Object.keys(volumes)).toContain(volume.split(':')[0]);
      for (const network of service.networks) expect(Object.keys(networks)).toContain(network);
    }
    expect(services.ldap.networks).toEqual(['directory']);
    expect(services.registry.networks).not.toContain('directory');
    expect(networks['directory']?.internal).toBe(true);
  });

  it('gives the directory a volume for all that it writes', async () => {
    const { ldap } = (await readCompose()).services;
    const written = (await readFile(join(DOCKER, 'ldap/slapd.conf'), 'utf8')).matchAll(
      /^(?:directory|pidfile|argsfile|logfile) (\S+)$/gm,
    );

    expect([...written].map(([, path]) => `directory:${path}`)).toEqual(ldap.volumes);
  });
});

describe('the Kubernetes manifest', async () => {
  const manifest = await readManifest(join(DOCKER, 'kubernetes-sidecar.yaml'));
  const { template, strategy, replicas } = manifest.spec('Deployment', 'registry') as {
    readonly template: { readonly spec: PodSpec; readonly metadata: { readonly labels: object } };
    readonly strategy: object;
    readonly replicas: number;
  };
  const pod = template.spec;
  const containers = [...pod.initContainers, ...pod.containers];
  const [broker, registry] = containers as [Container, Container];
  const files = manifest.object('ConfigMap', 'fairlead').data ?? {};
  const ports = containers.flatMap((container) => container.ports ?? []);
  const mountOf = (container: Container, name: string) => container.volumeMounts.find((mount) => mount.name === name);

  /** The files of the ConfigMap and of the Secret in a folder, as the container sees them. */
  async function written(): Promise<AsyncDisposable & { readonly folder: string; readonly config: string }> {
    const folder = await mkdtemp(join(tmpdir(), 'fairlead-manifest-'));
    const { certificate } = await makeKey('ES256', 'ca');
    await writeFile(join(folder, 'ca.pem'), certificate);
    await writeFile(join(folder, 'ldap-password'), 'only for this test', { mode: 0o600 });
    for (const [name, text] of Object.entries(files)) {
      const here = text.replaceAll('/secrets/', `${folder}/`).replaceAll(/Dir: \//g, `Dir: ${folder}/`);
      await writeFile(join(folder, name), here);
    }
    return {
      folder,
      config: join(folder, 'broker.yaml'),
      [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
    };
  }

  /** The arguments of the command in the comment of the manifest. */
  const secretCommand =
    /fairlead (kubernetes-secret [^|]+) \| kubectl apply -f -/.exec(manifest.text)?.[1]?.split(' ') ?? [];

  it('has a configuration that passes `fairlead check`', async () => {
    await using here = await written();

    const { code, stdout, stderr } = await run(process.execPath, [MAIN, 'check', '--config', here.config]);

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('1 service, 1 backend');
    expect(stdout.match(/^warning: .*/gm)).toEqual([expect.stringContaining('passwords arrive without TLS')]);
  });

  it('has a command that creates the Secret with exactly the files that the configuration names', async () => {
    await using here = await written();
    const named = [...(files['broker.yaml'] ?? '').matchAll(/\/secrets\/([\w.-]+)/g)].map(([, name]) => name);

    const { code, stdout } = await run(process.execPath, [MAIN, ...secretCommand], { cwd: here.folder });

    const secret = parse(stdout) as { readonly metadata: { readonly name: string }; readonly data: object };
    expect(code).toBe(0);
    expect(named.length).toBeGreaterThan(0);
    expect(new Set(Object.keys(secret.data))).toEqual(new Set(named));
    expect(pod.volumes.find(({ name }) => name === 'secrets')?.secret?.secretName).toBe(secret.metadata.name);
    expect(parse(stdout)).toMatchObject({
      kind: 'Secret',
      data: { 'ldap-password': Buffer.from('only for this test').toString('base64') },
    });
  });

  it('defines every object, volume and port that another object names', () => {
    const volumes = pod.volumes.map(({ name }) => name);
    for (const container of containers) {
      for (const { name } of container.volumeMounts) expect(volumes).toContain(name);
      for (const probe of [container.startupProbe, container.livenessProbe, container.readinessProbe]) {
        if (probe !== undefined) expect(container.ports?.map(({ name }) => name)).toContain(probe.httpGet.port);
      }
    }
    for (const { configMap, persistentVolumeClaim } of pod.volumes) {
      if (configMap !== undefined) manifest.object('ConfigMap', configMap.name);
      if (persistentVolumeClaim !== undefined)
        manifest.object('PersistentVolumeClaim', persistentVolumeClaim.claimName);
    }
    const services = manifest.objects.filter(({ kind }) => kind === 'Service');
    for (const { metadata } of services) {
      const spec = manifest.spec('Service', metadata.name) as {
        readonly selector: object;
        readonly ports: readonly { readonly port: number; readonly targetPort: string }[];
      };
      expect(spec.selector).toEqual(template.metadata.labels);
      for (const { port, targetPort } of spec.ports)
        expect(ports).toContainEqual({ name: targetPort, containerPort: port });
    }
    expect(services.map(({ metadata }) => metadata.name)).toEqual(['registry', 'fairlead-metrics']);
  });

  it('configures the registry with the realm, service, issuer and certificates of the configuration', async () => {
    await using here = await written();
    const { config } = await loadBroker(here.config);

    expect(Object.fromEntries((registry.env ?? []).map(({ name, value }) => [name, value]))).toEqual({
      REGISTRY_AUTH: 'token',
      REGISTRY_AUTH_TOKEN_REALM: `${config.publicUrl}/token`,
      REGISTRY_AUTH_TOKEN_SERVICE: Object.keys(config.services)[0],
      REGISTRY_AUTH_TOKEN_ISSUER: config.tokens.issuer,
      REGISTRY_AUTH_TOKEN_ROOTCERTBUNDLE: trustPaths(config.trustDir ?? '').bundle.replace(here.folder, ''),
    });
  });

  it('mounts the private key and the secrets into the broker only', async () => {
    const { stateDir, trustDir } = parse(files['broker.yaml'] ?? '') as Readonly<Record<string, string>>;

    expect(stateDir).toMatch(`${mountOf(broker, 'state')?.mountPath}/`);
    expect(mountOf(broker, 'trust')).toEqual({ name: 'trust', mountPath: trustDir });
    expect(mountOf(registry, 'trust')).toEqual({ name: 'trust', mountPath: trustDir, readOnly: true });
    expect(registry.volumeMounts.map(({ name }) => name)).toEqual(['trust', 'images']);
  });

  it('trusts the addresses of the ingress, so that one client does not use up the budget of all', () => {
    const { trustedProxies } = parse(files['broker.yaml'] ?? '') as { readonly trustedProxies: readonly string[] };

    expect(trustedProxies.length).toBeGreaterThan(0);
    for (const range of trustedProxies) expect(range).not.toMatch(/\/0$/);
  });

  it('replaces pods one after the other while each has a key of its own', () => {
    expect({ strategy, replicas }).toEqual({ strategy: { type: 'Recreate' }, replicas: 1 });
  });

  it('asks for readiness where a directory that is down makes no difference, and for life elsewhere', () => {
    expect(broker.readinessProbe.httpGet).toEqual({ path: '/readyz', port: 'token' });
    expect(broker.livenessProbe.httpGet).toEqual({ path: '/healthz', port: 'token' });
  });

  it('confines every container', () => {
    expect(pod.automountServiceAccountToken).toBe(false);
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    for (const { securityContext, resources } of containers) {
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(resources.limits?.['memory']).toMatch(/^\d+Mi$/);
    }
  });

  it('lets only the ingress reach the ports of clients, and only the monitoring the metrics', () => {
    interface Rule {
      readonly from: readonly {
        readonly namespaceSelector: { readonly matchLabels: Readonly<Record<string, string>> };
      }[];
      readonly ports: readonly { readonly port: number }[];
    }
    const policy = manifest.spec('NetworkPolicy', 'registry') as {
      readonly podSelector: { readonly matchLabels: object };
      readonly policyTypes: readonly string[];
      readonly ingress: readonly Rule[];
    };
    const reach = policy.ingress.map((rule) => ({
      from: rule.from.map((peer) => peer.namespaceSelector.matchLabels['kubernetes.io/metadata.name']),
      ports: rule.ports.map(({ port }) => port),
    }));

    expect(policy.podSelector.matchLabels).toEqual(template.metadata.labels);
    expect(policy.policyTypes).toEqual(['Ingress', 'Egress']);
    expect(reach).toEqual([
      { from: ['ingress-nginx'], ports: [5000, 5001] },
      { from: ['monitoring'], ports: [9091] },
    ]);
    expect(new Set(reach.flatMap((rule) => rule.ports))).toEqual(new Set(ports.map((port) => port.containerPort)));
  });
});

describe('the images', () => {
  it('can each be replaced by one that is pinned, and docker/README.md says how', async () => {
    const readme = await readFile(join(DOCKER, 'README.md'), 'utf8');
    const dockerfile = await readFile(join(DOCKER, 'Dockerfile'), 'utf8');
    const { registry } = (await readCompose()).services;

    expect([...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image)).toEqual(
      Array.from({ length: 3 }, () => '${NODE_IMAGE}'),
    );
    expect(registry.image).toMatch(/^\$\{REGISTRY_IMAGE:-/);
    for (const text of ['NODE_IMAGE', 'REGISTRY_IMAGE', 'imagetools inspect', '@sha256:'])
      expect(readme).toContain(text);
  });

  it('run no install script of any package while they are built', async () => {
    const dockerfile = await readFile(join(DOCKER, 'Dockerfile'), 'utf8');
    const installs = dockerfile.match(/^RUN npm ci.*$/gm) ?? [];

    expect(installs).toHaveLength(2);
    for (const install of installs) expect(install).toContain('--ignore-scripts');
  });
});
