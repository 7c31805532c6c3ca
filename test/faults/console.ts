/** Faults in the instructions that the console and the client give. */
import type { Fault } from './fault.ts';

const COMMANDS = ['test/unit/http/console/login-commands.test.ts'];

export const faults: readonly Fault[] = [
  {
    id: 'console-1',
    effect: 'whoever lists the processes of a machine reads the token of a login with crane',
    file: 'src/http/console/login-commands.ts',
    find: "'(read -rs token && printf %s \"$token\" | crane auth'.split(' '), ...rest, '--password-stdin)'",
    replace: "'(read -rs token && crane auth'.split(' '), ...rest, '--password', '\"$token\")'",
    tests: COMMANDS,
  },
  {
    id: 'console-2',
    effect: 'the token stays in a variable of the shell after a login with crane',
    file: 'src/http/console/login-commands.ts',
    find: "'(read -rs token && printf %s \"$token\" | crane auth'.split(' '), ...rest, '--password-stdin)'",
    replace: "'read -rs token && printf %s \"$token\" | crane auth'.split(' '), ...rest, '--password-stdin'",
    tests: COMMANDS,
  },
  {
    id: 'console-3',
    effect: 'a stored login that was revoked is in the list of decisions as an anonymous request',
    file: 'src/platform/decision-of-event.ts',
    find: "nobody: isAnonymous ? 'anonymous' : 'unknown',",
    replace: "nobody: 'anonymous',",
    tests: ['test/unit/platform/recent-decisions.test.ts'],
  },
  {
    id: 'console-4',
    effect: 'the log does not say whose stored login was refused',
    file: 'src/flows/refresh-token/exchange.ts',
    find: 'if (isRefused) throw new BrokerError(error.code, cause, { about: ofOwner });',
    replace: 'if (isRefused) throw new BrokerError(error.code, cause);',
    tests: ['test/unit/flows/exchange-refresh-token.test.ts'],
  },
  {
    id: 'console-5',
    effect: 'a refused refresh token is an anonymous request in the audit trail',
    file: 'src/http/token.ts',
    find: 'return credential === undefined && refreshToken === undefined && code === undefined;',
    replace: 'return credential === undefined && (refreshToken ?? code) !== null;',
    tests: ['test/unit/http/refused-requests.test.ts'],
  },
  {
    id: 'console-6',
    effect: 'docker login sends a person to a browser, and does not say where',
    file: 'src/app/operator-deps.ts',
    find: 'console === undefined ? {} : {',
    replace: 'console === undefined || !publicUrl.startsWith("http://") ? {} : {',
    tests: ['test/unit/app/operator-deps.test.ts'],
  },
  {
    id: 'console-7',
    effect: 'the message about a login that is asleep does not say where to sign in',
    file: 'src/http/error-answers.ts',
    find: '    sentenceAt: signInDue,\n',
    replace: '',
    tests: ['test/unit/http/errors.test.ts'],
  },
  {
    id: 'console-8',
    effect: 'a broker of a later version, with another state of a backend, is no member of the fleet',
    file: 'src/platform/valkey/fleet.ts',
    find: "    typeof name === 'string' &&",
    replace:
      "    readBackends('backends' in value ? value.backends : []) !== undefined &&\n    typeof name === 'string' &&",
    tests: ['test/unit/platform/valkey/fleet.test.ts'],
  },
  {
    id: 'console-9',
    effect: 'a heartbeat grows with the number of backends',
    file: 'src/platform/valkey/backend-heartbeats.ts',
    find: 'return all.slice(0, MAX_BACKENDS);',
    replace: 'return all;',
    tests: ['test/unit/platform/valkey/fleet.test.ts'],
  },
];
