import { expect, it } from 'vitest';
import { loginCommands } from '../../../../src/http/console/login-commands.ts';
import { run } from '../../../support/process.ts';

it('a command names the registry and the user, and never a token', () => {
  expect(loginCommands('registry.example.com', 'alice').map(({ words }) => words.join(' '))).toEqual([
    'docker login registry.example.com --username alice',
    'podman login registry.example.com --username alice',
    'helm registry login registry.example.com --username alice',
  ]);
});

it.each(['$(id)', "a'b", 'a b', '`id`', 'a;id', 'a\nid', '--help', 'a\\b'])(
  'the user name %j is one word of a shell',
  async (name) => {
    const [docker] = loginCommands('r', name);
    const words = docker?.words.join(' ').replace('docker login', 'printf "[%s]"') ?? '';

    expect((await run('sh', ['-c', words])).stdout).toBe(`[r][--username][${name}]`);
  },
);
