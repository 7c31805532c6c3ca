/**
 * Faults that were chosen by reading the sources alone, without regard to the tests: what they find is an estimate of
 * what the tests of each area miss.
 */
import type { Fault } from './fault.ts';

const HTTP = ['test/unit/http', 'test/e2e/token-answers.test.ts'];
const APP = ['test/unit/app', 'test/e2e/reload.test.ts'];
const CLI = ['test/unit/cli', 'test/e2e/refresh-tokens.test.ts'];
const FLOWS = ['test/unit/flows', 'test/e2e/refresh-tokens.test.ts'];
const BACKENDS = ['test/unit/backends', 'test/integration/static-file.test.ts', 'test/integration/http.test.ts'];
const PLATFORM = ['test/unit/platform', 'test/e2e/flush.test.ts'];

export const faults: readonly Fault[] = [
  {
    id: 'independent-1',
    effect: 'a proxy on the same machine that sends Forwarded shows the metrics to everybody',
    file: 'src/http/operator-page.ts',
    find: "  'forwarded',\n",
    replace: '',
    tests: HTTP,
  },
  {
    id: 'independent-2',
    effect: 'a metrics page is shown for minutes',
    file: 'src/http/metrics.ts',
    find: 'now - cached.at >= CACHE_MS',
    replace: 'now - cached.at >= CACHE_MS * 1000',
    tests: HTTP,
  },
  {
    id: 'independent-3',
    effect: 'an actor_token is ignored instead of refused',
    file: 'src/http/token-grants.ts',
    find: "if (parameter('actor_token') !== undefined)",
    replace: "if (parameter('actor_tokens') !== undefined)",
    tests: HTTP,
  },
  {
    id: 'independent-4',
    effect: 'a log line that any client can cause is written once and never again',
    file: 'src/http/rate-limited-log.ts',
    find: 'now() - last.writtenAt < EVERY_MS',
    replace: 'now() - last.writtenAt < Infinity',
    tests: HTTP,
  },
  {
    id: 'independent-5',
    effect: 'after two reloads at once, the next change is never read',
    file: 'src/app/reload.ts',
    find: '      next = undefined;\n',
    replace: '',
    tests: APP,
  },
  {
    id: 'independent-6',
    effect: 'the limit of connections leaves no descriptor for files and backends',
    file: 'src/app/connection-limits.ts',
    find: 'openFiles - RESERVED - ADMIN',
    replace: 'openFiles',
    tests: APP,
  },
  {
    id: 'independent-7',
    effect: 'the health check of a broker on all addresses asks the wrong address',
    file: 'src/app/health-check.ts',
    find: "{ '0.0.0.0': '127.0.0.1', '::': '::1' }",
    replace: "{ '::': '::1' }",
    tests: [...APP, 'test/e2e/health.test.ts'],
  },
  {
    id: 'independent-8',
    effect: 'a refused reload is counted as loaded',
    file: 'src/app/reload.ts',
    find: "onReload(what, 'refused')",
    replace: "onReload(what, 'loaded')",
    tests: APP,
  },
  {
    id: 'independent-9',
    effect: 'tokens list --user shows the tokens of everybody',
    file: 'src/cli/tokens/selection.ts',
    find: '...(user === undefined ? {} : { account: { user } })',
    replace: '...(user === undefined ? {} : {})',
    tests: CLI,
  },
  {
    id: 'independent-10',
    effect: 'a new signing key can be read by everybody',
    file: 'src/cli/commands/keygen.ts',
    find: 'await write(keyFile, made.key, 0o600)',
    replace: 'await write(keyFile, made.key, 0o644)',
    tests: CLI,
  },
  {
    id: 'independent-11',
    effect: 'a command that ends with an exception exits with 0',
    file: 'src/cli/command.ts',
    find: '      setExitCode(EXIT.usage);\n',
    replace: '',
    tests: CLI,
  },
  {
    id: 'independent-12',
    effect: 'tokens revoke of an unknown id exits with 0',
    file: 'src/cli/tokens/revoke.ts',
    find: 'return tokens.length > 0 && missing.length === 0 && failures',
    replace: 'return (tokens.length > 0 || missing.length > 0) && failures',
    tests: CLI,
  },
  {
    id: 'independent-13',
    effect: 'a defect of a backend ends the login of a refresh token',
    file: 'src/flows/refresh-token/exchange.ts',
    find: "throw new BrokerError('backend_unavailable', 'the backend cannot check the account', {",
    replace: "throw new BrokerError('refresh_token_refused', 'the backend cannot check the account', {",
    tests: FLOWS,
  },
  {
    id: 'independent-14',
    effect: 'a login from the cache during an outage gets a refresh token',
    file: 'src/flows/refresh-token/issue.ts',
    find: 'if (stale === true) return',
    replace: 'if (stale === false) return',
    tests: FLOWS,
  },
  {
    id: 'independent-15',
    effect: 'the account of a refresh token is a later one with the same name',
    file: 'src/backends/http/authenticator.ts',
    find: 'answer.identity.subject === subject',
    replace: 'answer.identity.subject !== undefined',
    tests: BACKENDS,
  },
  {
    id: 'independent-16',
    effect: 'a user service that answers every probe with 500 is up',
    file: 'src/backends/http/authenticator.ts',
    find: 'status < 500 ?',
    replace: 'status < 600 ?',
    tests: BACKENDS,
  },
  {
    id: 'independent-17',
    effect: 'the decoy for unknown users has the cost of the fewest users',
    file: 'src/backends/static-file/users.ts',
    find: 'toSorted((a, b) => b.length - a.length)',
    replace: 'toSorted((a, b) => a.length - b.length)',
    tests: BACKENDS,
  },
  {
    id: 'independent-18',
    effect: 'everybody on the machine can send commands to the broker',
    file: 'src/platform/control-socket.ts',
    find: 'await chmod(path, 0o600);',
    replace: 'await chmod(path, 0o666);',
    tests: PLATFORM,
  },
  {
    id: 'independent-19',
    effect: 'what answers on a control socket can fill the memory of a command',
    file: 'src/platform/control-socket.ts',
    find: "if (bytes > MAX_ANSWER) throw new Error('the answer is too long');",
    replace: '',
    tests: PLATFORM,
  },
  {
    id: 'independent-20',
    effect: 'a file that is missing at the start and appears later is not read',
    file: 'src/platform/watch.ts',
    find: 'if (state !== seen) changed();',
    replace: 'if (state !== seen && seen !== MISSING) changed();',
    tests: PLATFORM,
  },
  {
    id: 'independent-21',
    effect: 'a store that is full drops the newest entry of a user instead of the oldest',
    file: 'src/platform/store/memory.ts',
    find: 'members.slice(0, Math.max(0, members.length - most))',
    replace: 'members.slice(most)',
    tests: PLATFORM,
  },
];
