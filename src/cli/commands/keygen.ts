/** `fairlead keygen`: makes a signing key and its certificate. */
import { open, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Option } from 'commander';
import type { Command } from 'commander';
import { causeOf } from '../../config/read-text.ts';
import type { KeyAlgorithm } from '../../platform/signing/config.ts';
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
}

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
    .option('--dir <folder>', 'where the files are written', '.')
    .action(run(keygen));
}

async function keygen({ algorithm, name, dir, authority }: KeygenOptions, output: Output): Promise<number> {
  if (!/^[a-z0-9][a-z0-9._-]{0,63}$/.test(name)) {
    throw new UsageError(`"${name}" is not a key name; expected lower-case letters, digits and . _ -`);
  }
  const made =
    authority === true
      ? await (await import('../../platform/signing/authority.ts')).makeAuthority(algorithm, name)
      : await (await import('../../platform/signing/keygen.ts')).makeKey(algorithm, name);
  const keyFile = join(dir, `${name}.pem`);
  const certFile = join(dir, `${name}.crt`);
  await makeFolder(dir).catch((error: unknown) => {
    throw new UsageError(`${dir} cannot be made (${causeOf(error)}); choose another --dir`);
  });
  await writeNew(keyFile, made.key, 0o600);
  await writeNew(certFile, made.certificate, 0o644);
  const files = `keyFile: ${resolve(keyFile)}, certFile: ${resolve(certFile)}`;
  output.result(
    [
      `wrote ${keyFile} (private, keep it secret) and ${certFile} (public, for the registries)`,
      'name them in broker.yaml (a relative path starts at its folder):',
      'keys:',
      `  - { name: ${name}, algorithm: ${algorithm}, ${authority === true ? `authority: { ${files} }` : files} }`,
    ],
    { name, algorithm, keyFile, certFile },
  );
  return EXIT.ok;
}

async function writeNew(path: string, text: string, mode: number): Promise<void> {
  let file: FileHandle;
  try {
    file = await open(path, 'wx', mode);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST')
      throw new UsageError(`${path} exists and is not overwritten; choose another --name or --dir`);
    throw new UsageError(`${path} cannot be written (${causeOf(error)}); choose another --dir`);
  }
  try {
    await file.writeFile(text);
  } catch (error) {
    // A part of a key would not be overwritten by the next attempt.
    await rm(path, { force: true });
    throw new UsageError(`${path} cannot be written (${causeOf(error)})`);
  } finally {
    await file.close();
  }
}
