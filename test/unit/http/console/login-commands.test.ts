import { expect, it } from 'vitest';
import { loginCommands } from '../../../../src/http/console/login-commands.ts';
import { run } from '../../../support/process.ts';

function lineOf(program: string, username: string): string {
  const command = loginCommands('registry.example.com', username).find((each) => each.program === program);
  return command?.words.join(' ') ?? '';
}

it('a command names the registry and the user, and never a token', () => {
  expect(loginCommands('registry.example.com', 'alice').map(({ words }) => words.join(' '))).toEqual([
    'docker login registry.example.com --username alice',
    'podman login registry.example.com --username alice',
    'skopeo login registry.example.com --username alice',
    'helm registry login registry.example.com --username alice',
    '(read -rs token && printf %s "$token" | crane auth login registry.example.com --username alice --password-stdin)',
  ]);
});

const HOSTILE_NAMES = ['$(id)', "a'b", 'a b', '`id`', 'a;id', 'a\nid', '--help', 'a\\b'];

it.each(HOSTILE_NAMES)('the user name %j is one word of a shell', async (name) => {
  const words = lineOf('docker', name).replace('docker login', 'printf "[%s]"');

  expect((await run('sh', ['-c', words])).stdout).toBe(`[registry.example.com][--username][${name}]`);
});

it.each(['alice', ...HOSTILE_NAMES])(
  'crane reads the token of %j from standard input, and gets no word of it as an argument',
  async (name) => {
    const crane = `crane() { printf '[%s]' "$@"; printf '<%s>' "$(cat)"; }`;
    const line = `${crane}\n${lineOf('crane', name)}\nprintf '{%s}' "$token"`;

    const { stdout } = await run('bash', ['-c', line], { stdin: 'flp_a%s\\n$b\nnext line' });

    const args = ['auth', 'login', 'registry.example.com', '--username', name, '--password-stdin'];
    expect(stdout).toBe(`${args.map((arg) => `[${arg}]`).join('')}<flp_a%s\\n$b>{}`);
  },
);
