/** `fairlead keygen`: makes a signing key and its certificate, or an authority. */
import { open, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Option } from 'commander';
import type { Command } from 'commander';
import { codeOf } from '../../core/system-error.ts';
import { duration } from '../../backends/fields.ts';
import { causeOf } from '../../config/read-text.ts';
import { exists, replaceFile } from '../../platform/atomic-files.ts';
import type { KeyAlgorithm } from '../../platform/signing/config.ts';
import type { MadeKey } from '../../platform/signing/keygen.ts';
import { readKey } from '../../platform/signing/read-key.ts';
import type { LoadedKey } from '../../platform/signing/read-key.ts';
import { createPlainCommand, UsageError } from '../command.ts';
import type { Run, SharedOptions } from '../command.ts';
import { EXIT } from '../output.ts';
import type { Output } from '../output.ts';
import { makeFolder } from '../../platform/make-folder.ts';

interface KeygenOptions extends Pick<SharedOptions, 'format'> {
  readonly algorithm: KeyAlgorithm;
  readonly name: string;
  readonly dir: string;
  readonly authority?: true;
  /** The path of the files of an authority without `.pem` and `.crt`. */
  readonly leafOf?: string;
  readonly lifetime: string;
  readonly replace?: true;
}

/** As `leafLifetime` of an authority in the configuration. */
const LIFETIME = duration({ min: 4 * 3600, max: 90 * 86_400 });

export function keygenCommand(run: Run): Command {
  return createPlainCommand(
    'keygen',
    'Make a signing key and a certificate for ten years; existing files are not overwritten',
  )
    .addOption(
      new Option('--algorithm <name>', 'distribution 2 does not support EdDSA')
        .choices(['ES256', 'RS256', 'EdDSA'])
        .default('ES256'),
    )
    .option('--name <name>', 'the files are NAME.pem and NAME.crt', 'token')
    .option('--authority', 'make an authority, which certifies the signing keys of several brokers')
    .addOption(
      new Option('--leaf-of <path>', 'certify the key by the authority in PATH.pem and PATH.crt').conflicts(
        'authority',
      ),
    )
    .option('--lifetime <duration>', 'how long the certificate of --leaf-of is valid', '7d')
    .option('--replace', 'with --leaf-of: overwrite the files of an earlier key')
    .option('--dir <folder>', 'where the files are written', '.')
    .action(run(keygen));
}

async function keygen(options: KeygenOptions, output: Output): Promise<number> {
  const { algorithm, name, dir, leafOf } = options;
  if (!/^[a-z0-9][a-z0-9._-]{0,63}$/.test(name)) {
    throw new UsageError(`"${name}" is not a key name; expected lower-case letters, digits and . _ -`);
  }
  const replaces = options.replace === true;
  // Brokers may know a key with a certificate of its own, or an authority, for years.
  if (replaces && leafOf === undefined) throw new UsageError('--replace: expected with --leaf-of only');
  const made = await makePair(options);
  const keyFile = join(dir, `${name}.pem`);
  const certFile = join(dir, `${name}.crt`);
  await makeFolder(dir).catch((error: unknown) => {
    throw new UsageError(`${dir} cannot be made (${causeOf(error)}); choose another --dir`);
  });
  const write = replaces ? replaceFile : writeNew;
  await write(keyFile, made.key, 0o600);
  await write(certFile, made.certificate, 0o644);
  output.result(
    [
      `wrote ${keyFile} (private, keep it secret) and ${certFile} (public${leafOf === undefined ? ', for the registries' : ''})`,
      'name them in broker.yaml (a relative path starts at its folder):',
      'keys:',
      `  - { name: ${name}, algorithm: ${algorithm}, ${filesText(options, keyFile, certFile)} }`,
    ],
    { name, algorithm, keyFile, certFile },
  );
  return EXIT.ok;
}

async function makePair({ algorithm, name, authority, leafOf, lifetime }: KeygenOptions): Promise<MadeKey> {
  if (authority === true) return (await import('../../platform/signing/authority.ts')).makeAuthority(algorithm, name);
  if (leafOf === undefined) return (await import('../../platform/signing/keygen.ts')).makeKey(algorithm, name);
  const { data: seconds } = LIFETIME.safeParse(lifetime);
  if (seconds === undefined) throw new UsageError(`--lifetime ${lifetime}: expected a duration from 4h to 90d`);
  return (await import('../../platform/signing/authority.ts')).issueLeaf(await readAuthority(leafOf, algorithm), {
    algorithm,
    name,
    lifetime: seconds,
  });
}

async function readAuthority(path: string, algorithm: KeyAlgorithm): Promise<LoadedKey> {
  const [keyFile, certFile] = [`${path}.pem`, `${path}.crt`];
  for (const file of [keyFile, certFile]) {
    if (!(await exists(file))) throw new UsageError(`${file} does not exist; make the authority with --authority`);
  }
  const authority = await readKey({ keyFile, certFile }, algorithm);
  if (authority.chain[0]?.ca === true) return authority;
  throw new UsageError(`${certFile} is not the certificate of an authority; make one with --authority`);
}

function filesText({ authority, leafOf }: KeygenOptions, keyFile: string, certFile: string): string {
  const files = `keyFile: ${resolve(keyFile)}, certFile: ${resolve(certFile)}`;
  if (authority === true) return `authority: { ${files} }`;
  return leafOf === undefined ? files : `${files}, caFile: ${resolve(`${leafOf}.crt`)}`;
}

async function writeNew(path: string, text: string, mode: number): Promise<void> {
  let file: FileHandle;
  try {
    file = await open(path, 'wx', mode);
  } catch (error) {
    if (codeOf(error) === 'EEXIST')
      throw new UsageError(`${path} exists and is not overwritten; choose another --name or --dir`);
    throw new UsageError(`${path} cannot be written (${causeOf(error)}); choose another --dir`);
  }
  try {
    await file.writeFile(text);
  } catch (error) {
    // A part of a key would not be overwritten by the next attempt.
    await rm(path, { force: true });
    throw new UsageError(`${path} cannot be written (${causeOf(error)}); make space, or choose another --dir`);
  } finally {
    await file.close();
  }
}
