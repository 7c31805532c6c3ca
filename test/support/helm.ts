/** Helm, and a program that decodes manifests strictly. Both are built from their Go modules. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { CHART, KUBE_VERSION } from '../../docker/package/chart.ts';
import { madeOnce } from './made-once.ts';
import { findPart } from './parts.ts';
import { run, runOk } from './process.ts';
import type { Result } from './process.ts';

const HELM_VERSION = 'v3.22.0';
/** The name of the program in the cache of `madeOnce`. */
export const HELM = `helm-${HELM_VERSION}`;
const CHECKER = resolve(import.meta.dirname, '../kubernetes');
/** Milliseconds: two cold builds on two busy cores. */
export const BUILD_TIMEOUT = 1_200_000;

export function canBuildHelm(): boolean {
  return findPart({ program: 'go' }) !== undefined;
}

/** Values of the chart, as in a file of `--values`. */
export type Values = Readonly<Record<string, unknown>>;

export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: unknown;
}

export interface Helm {
  /** The program. */
  readonly program: string;
  /** @throws Error with what Helm says when the chart refuses the values */
  template(values: Values): Promise<string>;
  /** As `template`, with the objects of the text. */
  objects(values: Values): Promise<readonly KubernetesObject[]>;
  lint(values: Values): Promise<Result>;
  /** The lines of the checker: each names the API, the kind and the name of an object. */
  check(manifests: string): Promise<Result>;
}

export async function buildHelm(): Promise<Helm> {
  const program = await madeOnce(HELM, async (draft) => {
    await goInstall(['install', `helm.sh/helm/v3/cmd/helm@${HELM_VERSION}`], draft);
    return join(draft, 'helm');
  });
  const checker = await buildChecker();
  const rendered = async (values: Values): Promise<string> => {
    const { code, stdout, stderr } = await run(program, ['template', 'site', CHART, ...KUBE_VERSION, '--values', '-'], {
      stdin: JSON.stringify(values),
    });
    if (code !== 0) throw new Error(stderr);
    return stdout;
  };
  return {
    program,
    template: rendered,
    objects: async (values) =>
      // Kubernetes reads YAML 1.1.
      parseAllDocuments(await rendered(values), { version: '1.1' })
        .map((document) => document.toJS() as KubernetesObject | null)
        .filter((object) => object !== null),
    lint: (values) =>
      run(program, ['lint', '--strict', ...KUBE_VERSION, CHART, '--values', '-'], { stdin: JSON.stringify(values) }),
    check: (manifests) => run(checker, [], { stdin: manifests }),
  };
}

/** The checker of manifests. Its name has the digest of its sources, so that a change builds it again. */
export async function buildChecker(): Promise<string> {
  const digest = createHash('sha256');
  for (const file of ['go.sum', 'main.go']) digest.update(await readFile(join(CHECKER, file)));
  return madeOnce(`manifests-${digest.digest('hex').slice(0, 12)}`, async (draft) => {
    // Read only: a build must not change the files of the repository.
    await goInstall(['install', '-C', CHECKER, '-mod=readonly', '.'], draft);
    return join(draft, 'fairlead-manifests');
  });
}

async function goInstall(args: readonly string[], bin: string): Promise<void> {
  const env = { ...process.env, GOBIN: bin, GOFLAGS: '-mod=mod -buildvcs=false' };
  await runOk('nice', ['go', ...args], { env, timeoutMs: BUILD_TIMEOUT });
}
