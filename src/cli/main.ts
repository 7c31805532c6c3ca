#!/usr/bin/env node
/** The command line: a table of commands. The only room with argv, signals and the exit code. */
import { Command } from 'commander';
import { checkCommand } from './commands/check.ts';
import { diffCommand } from './commands/diff.ts';
import { doctorCommand } from './commands/doctor.ts';
import { explainCommand } from './commands/explain.ts';
import { flushCommand } from './commands/flush.ts';
import { hashPasswordCommand } from './commands/hash-password.ts';
import { importCommand } from './commands/import.ts';
import { keygenCommand } from './commands/keygen.ts';
import { lintCommand } from './commands/lint.ts';
import { policyCommand } from './commands/policy.ts';
import { registryConfigCommand } from './commands/registry-config.ts';
import { schemaCommand } from './commands/schema.ts';
import { serveCommand } from './commands/serve.ts';
import { testCommand } from './commands/test.ts';
import { tokensCommand } from './commands/tokens.ts';
import { EXIT } from './output.ts';
import { whoCanCommand } from './commands/who-can.ts';
import { version } from './version.ts';

const program = new Command('fairlead')
  .description('Token service for container registries: LDAP, OpenID Connect and static accounts, one policy file')
  .version(version())
  .showHelpAfterError('(add --help for the commands)')
  .addHelpText('after', '\nExit codes: 0 fine, 1 the answer is no, 2 usage or configuration error.');

for (const command of [
  serveCommand(),
  checkCommand(),
  explainCommand(),
  whoCanCommand(),
  testCommand(),
  lintCommand(),
  diffCommand(),
  keygenCommand(),
  hashPasswordCommand(),
  importCommand(),
  policyCommand(),
  registryConfigCommand(),
  doctorCommand(),
  flushCommand(),
  tokensCommand(),
  schemaCommand(),
]) {
  program.addCommand(command);
}

/** Commander exits 1 on wrong usage; here 1 means "the answer is no" and 2 is usage. */
function exitWith(exitCode: number): never {
  process.exit(exitCode === 0 ? EXIT.ok : EXIT.usage);
}

const commands = [program, ...program.commands, ...program.commands.flatMap((command) => command.commands)];
for (const command of commands) command.exitOverride(({ exitCode }) => exitWith(exitCode));
await program.parseAsync();
