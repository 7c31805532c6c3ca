/** The broker that is measured: the bundle, with a static user or other backends. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { hashPassword } from '../../src/backends/password-hash.ts';
import type { RunningProcess } from '../support/process.ts';
import { httpAnswers } from '../support/wait.ts';
import { startPinned } from './pinned.ts';

export const BROKER = resolve(import.meta.dirname, '../../dist/fairlead.cjs');
export const STATIC_USER = { user: 'alice', password: 'correct horse' } as const;

export interface BenchServer {
  readonly server: RunningProcess;
  readonly port: number;
}

/**
 * @param backends lines of YAML in place of the backend with the static user, which would be asked first
 * @param services YAML in one line
 * @param settings further lines of the configuration
 * @param service the section of the service
 */
export async function writeBroker(
  folder: string,
  {
    backends = ['- { name: local, type: static-file, file: users.yaml }'],
    services = '{ bench: { anonymous: allow } }',
    settings = [],
  }: {
    readonly backends?: readonly string[];
    readonly services?: string;
    readonly settings?: readonly string[];
  } = {},
): Promise<string> {
  await mkdir(folder, { recursive: true });
  const { user, password } = STATIC_USER;
  const files = {
    'broker.yaml': [
      'listen: 127.0.0.1:0',
      'publicUrl: http://localhost:5001',
      'stateDir: state',
      `services: ${services}`,
      'backends:',
      ...backends.map((line) => `  ${line}`),
      'policy: policy.yaml',
      ...settings,
    ],
    'users.yaml': [`users: { ${user}: { password: "${await hashPassword(password)}", groups: [team-web] } }`],
    'policy.yaml': [
      'rules:',
      '  - { name: public images, everyone: true, repositories: ["public/**"], allow: [pull] }',
      '  - { name: teams, groups: ["team-{team}"], repositories: ["{team}/**"], allow: [pull, push] }',
    ],
  };
  for (const [name, lines] of Object.entries(files)) await writeFile(join(folder, name), `${lines.join('\n')}\n`);
  return join(folder, 'broker.yaml');
}

/**
 * @param node options of Node.js
 * @param bundle the command; default: that of this checkout
 */
export async function startBroker(
  config: string,
  node: readonly string[] = [],
  bundle: string = BROKER,
): Promise<BenchServer> {
  const env = { ...process.env, ...(await memorySettings()) };
  const server = startPinned(process.execPath, [...node, bundle, 'serve', '--config', config], { env });
  const [, port = ''] = await server.waitForOutput(/"address":"http:\/\/127\.0\.0\.1:(\d+)"/);
  await server.waitUntil('readiness', () => httpAnswers(`http://127.0.0.1:${port}/readyz`, 200));
  return { server, port: Number(port) };
}

export function basic(user: string, password: string): Readonly<Record<string, string>> {
  return { Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
}

/** The settings of Node.js and the C library that the unit of systemd and the container image have. */
async function memorySettings(): Promise<NodeJS.ProcessEnv> {
  const unit = await readFile(resolve(import.meta.dirname, '../../docker/systemd/fairlead.service'), 'utf8');
  return Object.fromEntries(
    [...unit.matchAll(/\b(MALLOC_ARENA_MAX|NODE_OPTIONS)=(\S+)/g)].map(([, name = '', value]) => [name, value]),
  );
}
