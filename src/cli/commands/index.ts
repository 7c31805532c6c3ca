/** All commands, in the order of `fairlead --help`. A new command is a file in this folder and an entry here. */
import type { Command } from 'commander';
import type { Run } from '../command.ts';
import { backupCommand } from './backup.ts';
import { checkCommand } from './check.ts';
import { diffCommand } from './diff.ts';
import { doctorCommand } from './doctor.ts';
import { explainCommand } from './explain.ts';
import { flushCommand } from './flush.ts';
import { hashPasswordCommand } from './hash-password.ts';
import { healthCommand } from './health.ts';
import { importCommand } from './import.ts';
import { keygenCommand } from './keygen.ts';
import { kubernetesSecretCommand } from './kubernetes-secret.ts';
import { lintCommand } from './lint.ts';
import { policyCommand } from './policy.ts';
import { registryConfigCommand } from './registry-config.ts';
import { schemaCommand } from './schema.ts';
import { serveCommand } from './serve.ts';
import { testCommand } from './test.ts';
import { tokensCommand } from './tokens.ts';
import { whoCanCommand } from './who-can.ts';

export const COMMANDS: readonly ((run: Run) => Command)[] = [
  serveCommand,
  checkCommand,
  explainCommand,
  whoCanCommand,
  testCommand,
  lintCommand,
  diffCommand,
  keygenCommand,
  hashPasswordCommand,
  importCommand,
  policyCommand,
  registryConfigCommand,
  doctorCommand,
  flushCommand,
  healthCommand,
  tokensCommand,
  backupCommand,
  kubernetesSecretCommand,
  schemaCommand,
];
