/** `fairlead kubernetes-secret`: the manifest of a Secret with the files that the broker's configuration names. */
import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { Option } from 'commander';
import type { Command } from 'commander';
import { stringify } from 'yaml';
import { createCommand, UsageError } from '../command.ts';
import type { Run, SharedOptions } from '../command.ts';
import { EXIT } from '../output.ts';
import type { Output } from '../output.ts';

interface SecretOptions extends SharedOptions {
  readonly files: readonly string[];
  readonly name: string;
  readonly namespace?: string;
  readonly signingKey?: string;
}

/** What the API server accepts for all data of a Secret. */
const MAX_BYTES = 1024 * 1024;
/** RFC 1123 subdomain, as names of Secrets are. */
const OBJECT_NAME = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/;
const DATA_KEY = /^[\w.-]{1,253}$/;
const KEY_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

export function kubernetesSecretCommand(run: Run): Command {
  const running = run(kubernetesSecret);
  return createCommand('kubernetes-secret', 'Print the manifest of a Kubernetes Secret with these files')
    .argument('[files...]', 'each becomes an entry under its file name')
    .option('--name <name>', 'the name of the Secret', 'fairlead')
    .option('--namespace <namespace>', 'the namespace; default: that of kubectl')
    .addOption(
      new Option('--signing-key <name>', 'also make a signing key: NAME.pem and NAME.crt, for brokers that share it'),
    )
    .addHelpText(
      'after',
      '\nThe output holds secrets. Pass it on without storing it:\n  fairlead kubernetes-secret ca.pem ldap-password | kubectl apply -f -',
    )
    .action((files: readonly string[], options: Omit<SecretOptions, 'files'>) => running({ ...options, files }));
}

async function kubernetesSecret(
  { files, name, namespace, signingKey }: SecretOptions,
  output: Output,
): Promise<number> {
  requireName(name, OBJECT_NAME, '--name');
  if (namespace !== undefined) requireName(namespace, OBJECT_NAME, '--namespace');
  const data = new Map<string, Buffer>();
  for (const file of files) add(data, basename(file), await read(file));
  if (signingKey !== undefined) await addKey(data, signingKey);
  if (data.size === 0) throw new UsageError('expected the files for the Secret, or --signing-key');
  const size = [...data.values()].reduce((sum, { length }) => sum + length, 0);
  if (size > MAX_BYTES) throw new UsageError(`the files have ${size} bytes, expected ${MAX_BYTES} at most`);
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    type: 'Opaque',
    data: Object.fromEntries([...data].map(([key, bytes]) => [key, bytes.toString('base64')])),
  };
  output.result([stringify(secret, { lineWidth: 0 }).trimEnd()], secret);
  return EXIT.ok;
}

async function addKey(data: Map<string, Buffer>, name: string): Promise<void> {
  requireName(name, KEY_NAME, '--signing-key');
  const { makeKey } = await import('../../platform/signing/keygen.ts');
  const made = await makeKey('ES256', name);
  add(data, `${name}.pem`, Buffer.from(made.key));
  add(data, `${name}.crt`, Buffer.from(made.certificate));
}

function add(data: Map<string, Buffer>, key: string, bytes: Buffer): void {
  if (!DATA_KEY.test(key)) {
    throw new UsageError(`"${key}" is not a key of a Secret; expected letters, digits and . _ -`);
  }
  if (data.has(key)) throw new UsageError(`two files are named ${key}; expected each name once`);
  if (bytes.length === 0) throw new UsageError(`${key} is empty; expected a file with a secret`);
  data.set(key, bytes);
}

async function read(file: string): Promise<Buffer> {
  const found = await stat(file);
  // A pipe would wait for a writer, and a device might never end.
  if (!found.isFile()) throw new UsageError(`${file} is not a regular file; copy its text into one`);
  if (found.size > MAX_BYTES) throw new UsageError(`${file} has ${found.size} bytes, expected ${MAX_BYTES} at most`);
  return await readFile(file);
}

function requireName(text: string, pattern: RegExp, option: string): void {
  if (!pattern.test(text))
    throw new UsageError(
      `${option}: "${text}" is not a name that Kubernetes accepts; expected lower-case letters, digits and -`,
    );
}
