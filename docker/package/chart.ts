/** What is generated of the Helm chart: its copy of the alert rules, the table of its values, and plain manifests. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { isRecord } from '../../src/config/schema-walk.ts';

export interface GeneratedFile {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
}

/** A part of `values.schema.json`. */
export interface ValueSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, ValueSchema>>;
}

/** A value that is not divided further. */
export interface ChartValue {
  /** The names from the top, such as `image`, `tag`. */
  readonly path: readonly string[];
  readonly schema: ValueSchema;
}

const ROOT = resolve(import.meta.dirname, '../..');
export const CHART = join(ROOT, 'docker/chart');
export const FLEET_MANIFEST = 'docker/kubernetes-fleet.yaml';
/** The programs of Helm that `go install` builds do not know the version of their Kubernetes. */
export const KUBE_VERSION = ['--kube-version', '1.34.0'] as const;

const TABLE = /(<!-- values -->\n)[^]*(<!-- end of values -->)/;
const run = promisify(execFile);

/** The files that need no Helm. */
export async function chartFiles(): Promise<readonly GeneratedFile[]> {
  const readme = await readFile(join(CHART, 'README.md'), 'utf8');
  if (!TABLE.test(readme)) throw new Error('docker/chart/README.md has no marks around the table of values');
  const table = tableOf(await chartValues(), parse(await readFile(join(CHART, 'values.yaml'), 'utf8')));
  return [
    {
      path: 'docker/chart/files/fairlead-alerts.yaml',
      text: await readFile(join(ROOT, 'docker/monitoring/fairlead-alerts.yaml'), 'utf8'),
    },
    {
      path: 'docker/chart/README.md',
      text: readme.replace(TABLE, (_all, begin: string, end: string) => begin + table + end),
    },
  ];
}

export async function chartValues(): Promise<readonly ChartValue[]> {
  const schema: ValueSchema = JSON.parse(await readFile(join(CHART, 'values.schema.json'), 'utf8'));
  return valuesOf(schema, []);
}

function valuesOf(schema: ValueSchema, path: readonly string[]): readonly ChartValue[] {
  if (schema.properties === undefined) return [{ path, schema }];
  return Object.entries(schema.properties).flatMap(([name, child]) => valuesOf(child, [...path, name]));
}

function tableOf(values: readonly ChartValue[], defaults: unknown): string {
  const rows = values
    .filter(({ path }) => path[0] !== 'global')
    .map(
      ({ path, schema: { description = '' } }) =>
        `| \`${path.join('.')}\` | ${shown(at(defaults, path))} | ${description}. |`,
    );
  return ['| value | default | meaning |', '|---|---|---|', ...rows, ''].join('\n');
}

export function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce((part, name) => (isRecord(part) ? part[name] : undefined), value);
}

function shown(value: unknown): string {
  const isEmpty = value === '' || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
  return isEmpty ? '' : `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

const HEADER = `# Three brokers for registries elsewhere, without Helm. Made from docker/chart/examples/fleet.yaml by npm run generate.
#
# 1. Replace the names under example.com and corp.example, the addresses under trustedProxies, and the namespaces of
#    the ingress controller and of the monitoring.
# 2. Create the Secret with the files that broker.yaml names under /secrets:
#      fairlead kubernetes-secret --name fairlead ca.pem ldap-password | kubectl apply -f -
# 3. Create the Secret fairlead-signing with tls.key, tls.crt and ca.crt: config/keys.md has the objects of cert-manager.
# 4. kubectl apply -f docker/kubernetes-fleet.yaml
#
# After a change of broker.yaml: kubectl rollout restart deployment/fairlead. The brokers read the policy by themselves.
`;

/** Plain manifests, by this program of Helm. */
export async function fleetManifest(helm: string): Promise<GeneratedFile> {
  const example = join(CHART, 'examples/fleet.yaml');
  const { stdout } = await run(helm, [
    'template',
    'fairlead',
    CHART,
    ...KUBE_VERSION,
    '--skip-tests',
    '--values',
    example,
  ]);
  const text = stdout.replaceAll(
    /^# Source: .*\n|^ *(?:helm\.sh\/chart|app\.kubernetes\.io\/managed-by|checksum\/config): .*\n/gm,
    '',
  );
  return { path: FLEET_MANIFEST, text: HEADER + text };
}
