/** Clients of registries in Go that Debian does not have: oras and regctl, built from their modules, and Helm. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { BUILD_TIMEOUT, canBuildCrane, openCrane } from './crane.ts';
import { HELM } from './helm.ts';
import { tarOf, writeImage } from './image.ts';
import { isMade, madeOnce } from './made-once.ts';
import { findPart } from './parts.ts';
import { run, runOk } from './process.ts';
import type { Result } from './process.ts';
import { workFolder } from './token-client.ts';
import type { ClientKind } from './token-client.ts';

const ORAS = { name: 'oras', version: 'v1.3.6', module: 'oras.land/oras/cmd/oras' } as const;
const REGCTL = { name: 'regctl', version: 'v0.11.7', module: 'github.com/regclient/regclient/cmd/regctl' } as const;

/** A PATH without the stores of the machine, such as pass. Clients that find one try to use it. */
const NO_STORES = '/nonexistent';

const canBuild = (): boolean => findPart({ program: 'go' }) !== undefined;

function build({ name, version, module }: typeof ORAS | typeof REGCTL): Promise<string> {
  return madeOnce(`${name}-${version}`, async (draft) => {
    const env = { ...process.env, GOBIN: draft, GOFLAGS: '-mod=mod -buildvcs=false' };
    await runOk('nice', ['go', 'install', `${module}@${version}`], { env, timeoutMs: BUILD_TIMEOUT });
    return join(draft, name);
  });
}

/** Its login tests nothing, so that a wrong token shows at the first push. */
const crane: ClientKind = {
  name: 'crane',
  isHere: canBuildCrane,
  open: async (host, resources, person) => {
    const folder = await workFolder(resources, 'crane', person);
    const program = resources.use(await openCrane());
    const [, layout = ''] = /^oci:(.*):latest$/.exec(await writeImage(join(folder, 'image'))) ?? [];
    let call = person === undefined ? undefined : program.in(person.env);
    const needed = (...args: readonly string[]): Promise<Result> => {
      if (call === undefined) throw new Error('crane has no login');
      return call(...args);
    };
    return {
      login: async (login) => {
        call = await program.as(host, login);
        return needed('version');
      },
      push: (repository) => needed('push', layout, `${host}/${repository}:1`),
      pull: (repository) => needed('pull', `${host}/${repository}:1`, join(folder, 'pulled.tar')),
    };
  },
};

const oras: ClientKind = {
  name: 'oras',
  refusesColons: true,
  isHere: canBuild,
  open: async (host, resources, person) => {
    const folder = await workFolder(resources, 'oras', person);
    const program = await build(ORAS);
    await writeFile(join(folder, 'artifact.txt'), 'an artifact');
    const env = person?.env ?? { HOME: folder, PATH: NO_STORES };
    const call = (command: string, args: readonly string[], stdin?: string): Promise<Result> =>
      run(program, [command, '--plain-http', ...args], { cwd: folder, env, ...(stdin === undefined ? {} : { stdin }) });
    return {
      login: ({ user, password }) => call('login', ['--username', user, '--password-stdin', host], password),
      push: (repository) => call('push', [`${host}/${repository}:1`, 'artifact.txt']),
      pull: (repository) => call('pull', [`${host}/${repository}:1`, '--output', join(folder, 'pulled')]),
    };
  },
};

const regctl: ClientKind = {
  name: 'regctl',
  isHere: canBuild,
  open: async (host, resources, person) => {
    const folder = await workFolder(resources, 'regctl', person);
    const program = await build(REGCTL);
    await writeImage(join(folder, 'image'));
    const env = person?.env ?? { HOME: folder, PATH: NO_STORES };
    const call = (args: readonly string[], stdin?: string): Promise<Result> =>
      run(program, args, { env, ...(stdin === undefined ? {} : { stdin }) });
    await call(['registry', 'set', '--tls', 'disabled', host]);
    const remote = (repository: string): string => `${host}/${repository}:1`;
    return {
      login: ({ user, password }) => call(['registry', 'login', host, '--user', user, '--pass-stdin'], password),
      push: (repository) => call(['image', 'copy', `ocidir://${join(folder, 'image')}:latest`, remote(repository)]),
      pull: (repository) => call(['image', 'copy', remote(repository), `ocidir://${join(folder, 'pulled')}:1`]),
    };
  },
};

/** It pushes a chart to the repository of its name. */
const helm: ClientKind = {
  name: 'helm',
  refusesColons: true,
  // It takes minutes to build, so that the tests of the chart have to build it first.
  isHere: () => isMade(HELM, 'npm run test:kubernetes builds it'),
  open: async (host, resources, person) => {
    const folder = await workFolder(resources, 'helm', person);
    const program = await madeOnce(HELM, () => Promise.reject(new Error('helm is not built')));
    const env = person?.env ?? { HOME: folder, PATH: NO_STORES };
    const call = (args: readonly string[], stdin?: string): Promise<Result> =>
      run(program, args, { cwd: folder, env, ...(stdin === undefined ? {} : { stdin }) });
    return {
      login: ({ user, password }) =>
        call(['registry', 'login', host, '--plain-http', '--username', user, '--password-stdin'], password),
      push: async (repository) => {
        const [, namespace = '', chart = ''] = /^(.*)\/([^/]+)$/.exec(repository) ?? [];
        const file = join(folder, `${chart}-1.0.0.tgz`);
        const text = `apiVersion: v2\nname: ${chart}\nversion: 1.0.0\n`;
        await writeFile(file, gzipSync(tarOf(`${chart}/Chart.yaml`, text)));
        return call(['push', '--plain-http', file, `oci://${host}/${namespace}`]);
      },
      pull: async (repository) => {
        const destination = join(folder, 'pulled');
        await mkdir(destination, { recursive: true });
        const options = ['--plain-http', '--version', '1.0.0', '--destination', destination];
        return call(['pull', ...options, `oci://${host}/${repository}`]);
      },
    };
  },
};

export const GO_CLIENTS: readonly ClientKind[] = [crane, oras, regctl, helm];
