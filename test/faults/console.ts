/** Faults in what the console and the client tell a person to do. */
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
];
