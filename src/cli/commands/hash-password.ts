/** `fairlead hash-password`: reads a password and prints the hash for users.yaml. */
import type { Command } from 'commander';
import { hashPassword } from '../../backends/password-hash.ts';
import { createPlainCommand, UsageError } from '../command.ts';
import type { Run } from '../command.ts';
import { EXIT } from '../output.ts';
import { readNewPassword } from '../read-password.ts';

export function hashPasswordCommand(run: Run): Command {
  return createPlainCommand('hash-password', 'Read a password from standard input and print its argon2id hash').action(
    run(async (_options, output, terminal) => {
      const password = await readNewPassword('Password: ', terminal);
      if (password === '')
        throw new UsageError('the password is empty; type one, or send it as the first line of standard input');
      const hash = await hashPassword(password);
      output.result([hash], { hash });
      return EXIT.ok;
    }),
  );
}
