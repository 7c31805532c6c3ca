/** Faults that give somebody what is not his: memory, a token, code that another user runs, or a password on a screen. */
import type { Fault } from './fault.ts';

const CACHE = 'src/cli/cache-folder.ts';
const CACHE_TEST = 'test/unit/cli/cache-folder.test.ts';

export const faults: readonly Fault[] = [
  {
    id: 'security-1',
    effect: 'a client fills the memory with tokens for hundreds of scopes each',
    file: 'src/flows/token-reuse.ts',
    find: 'key === undefined || key.length > MAX_KEY',
    replace: 'key === undefined',
    tests: ['test/unit/flows/token-reuse.test.ts'],
  },
  {
    id: 'security-2',
    effect: 'every job of a public issuer logs in, because the preset of another system is configured',
    file: 'src/backends/oidc-token/presets/index.ts',
    find: 'return PRESETS.find((preset) => issuerForm(preset, issuer)?.isPublic === true);',
    replace: 'return [knownPreset(issued)].find((preset) => issuerForm(preset, issuer)?.isPublic === true);',
    tests: ['test/unit/backends/oidc-token/config.test.ts'],
  },
  {
    id: 'security-3',
    effect: 'a command of root runs code that the user of the home has put into the cache',
    file: CACHE,
    find: 'isClosed(folder, [user]) && ',
    replace: '',
    tests: [CACHE_TEST],
  },
  {
    id: 'security-4',
    effect: 'another user replaces the folder of the cache by one with other code',
    file: CACHE,
    find: ' && ancestorsOf(folder).every((above) => isClosed(above, [user, 0], STICKY))',
    replace: '',
    tests: [CACHE_TEST],
  },
  {
    id: 'security-5',
    effect: 'the cache is read through a symbolic link that another user changes after it was checked',
    file: CACHE,
    find: 'join(real, relative(existing, path))',
    replace: 'path',
    tests: [CACHE_TEST],
  },
  {
    id: 'security-6',
    effect: 'a password that is pasted with the user name before it is shown on the screen',
    file: 'src/cli/read-line.ts',
    find: "echo === 'shown' && !isRead",
    replace: "echo === 'shown'",
    tests: ['test/unit/cli/init/session.test.ts'],
  },
  {
    id: 'security-7',
    effect: 'a terminal that closes leaves a folder with passwords behind',
    file: 'src/cli/init/install.ts',
    find: "['SIGINT', 'SIGTERM', 'SIGHUP']",
    replace: "['SIGINT', 'SIGTERM']",
    tests: ['test/unit/cli/init/install.test.ts'],
  },
  {
    id: 'security-8',
    effect: 'a rule of an imported configuration clears the screen of the operator, or writes other text to it',
    file: 'src/cli/output.ts',
    find: 'lines.map((line) => `${printable(line)}\\n`)',
    replace: 'lines.map((line) => `${line}\\n`)',
    tests: ['test/unit/cli/output.test.ts'],
  },
  {
    id: 'security-9',
    effect: 'no request has the address of its client, so that rules and limits by address do not apply',
    file: 'src/config/broker-checks.ts',
    find: '  checkProxyProtocol(data, report);\n',
    replace: '',
    tests: ['test/unit/config/load-broker.test.ts'],
  },
  {
    id: 'security-10',
    effect: 'whoever may start a build at Buildkite pushes as the main branch, with any commit',
    file: 'src/backends/oidc-token/presets/buildkite.ts',
    find: "      when: { build_source: ['webhook', 'schedule'] },\n",
    replace: '',
    tests: ['test/unit/backends/oidc-token/preset-groups.test.ts'],
  },
];
