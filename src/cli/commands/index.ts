/**
 * All commands, in the order of `fairlead --help`. A new command is a file in this folder and an entry here.
 *
 * Each is loaded when it is needed: `fairlead health` runs every few seconds in a container, and must not load a server.
 */
import type { Command } from 'commander';
import type { Run } from '../command.ts';

type CreateCommand = (run: Run) => Command;

export const COMMANDS: ReadonlyMap<string, () => Promise<CreateCommand>> = new Map([
  ['init', async () => (await import('./init.ts')).initCommand],
  ['serve', async () => (await import('./serve.ts')).serveCommand],
  ['check', async () => (await import('./check.ts')).checkCommand],
  ['explain', async () => (await import('./explain.ts')).explainCommand],
  ['who-can', async () => (await import('./who-can.ts')).whoCanCommand],
  ['test', async () => (await import('./test.ts')).testCommand],
  ['lint', async () => (await import('./lint.ts')).lintCommand],
  ['diff', async () => (await import('./diff.ts')).diffCommand],
  ['keygen', async () => (await import('./keygen.ts')).keygenCommand],
  ['keys', async () => (await import('./keys.ts')).keysCommand],
  ['hash-password', async () => (await import('./hash-password.ts')).hashPasswordCommand],
  ['import', async () => (await import('./import.ts')).importCommand],
  ['policy', async () => (await import('./policy.ts')).policyCommand],
  ['registry-config', async () => (await import('./registry-config.ts')).registryConfigCommand],
  ['credential', async () => (await import('./credential.ts')).credentialCommand],
  ['doctor', async () => (await import('./doctor.ts')).doctorCommand],
  ['conformance', async () => (await import('./conformance.ts')).conformanceCommand],
  ['flush', async () => (await import('./flush.ts')).flushCommand],
  ['fleet', async () => (await import('./fleet.ts')).fleetCommand],
  ['api', async () => (await import('./api.ts')).apiCommand],
  ['health', async () => (await import('./health.ts')).healthCommand],
  ['tokens', async () => (await import('./tokens.ts')).tokensCommand],
  ['records', async () => (await import('./records.ts')).recordsCommand],
  ['backup', async () => (await import('./backup.ts')).backupCommand],
  ['kubernetes-secret', async () => (await import('./kubernetes-secret.ts')).kubernetesSecretCommand],
  ['completion', async () => (await import('./completion.ts')).completionCommand],
  ['man', async () => (await import('./man.ts')).manCommand],
  ['schema', async () => (await import('./schema.ts')).schemaCommand],
]);
