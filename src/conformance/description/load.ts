/** The server under test, as its file describes it, with the secrets and keys that the file names. */
import { dirname, resolve } from 'node:path';
import { Secret } from '../../core/identity.ts';
import { readTrust } from '../tokens/trust.ts';
import type { Trust } from '../tokens/trust.ts';
import { descriptionSchema } from './schema.ts';
import type { DescriptionFile } from './schema.ts';
import { DescriptionError, readText, readYaml } from './yaml-file.ts';

export interface User {
  readonly name: string;
  readonly password: Secret;
  readonly rights: ReadonlyMap<string, readonly string[]>;
  readonly catalog: boolean;
}

export interface Description extends Omit<DescriptionFile, 'users' | 'anonymous' | 'trust' | 'ca'> {
  readonly users: readonly [User, ...User[]];
  /** Undefined: requests without credentials are refused. */
  readonly anonymous: ReadonlyMap<string, readonly string[]> | undefined;
  readonly trust: Trust;
  /** PEM. */
  readonly ca: string | undefined;
}

/**
 * @param environment where passwords may be
 * @throws DescriptionError with file, line and column of each problem
 */
export async function loadDescription(
  file: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Description> {
  const content = await readYaml(file, descriptionSchema);
  const folder = dirname(resolve(file));
  const users = await Promise.all(content.users.map((user) => userOf(user, { file, folder, environment })));
  const [first, ...others] = users;
  if (first === undefined) throw new DescriptionError(`${file}: users: expected at least one user`);
  if (![...first.rights.values()].some((actions) => actions.includes('pull') && actions.includes('push'))) {
    throw new DescriptionError(`${file}: users.0.rights: expected a repository with [pull, push]`);
  }
  const ca = content.ca === undefined ? undefined : await readText(resolve(folder, content.ca));
  return {
    ...content,
    users: [first, ...others],
    anonymous: content.anonymous === 'deny' ? undefined : new Map(Object.entries(content.anonymous.rights)),
    trust: await readTrust(content.trust, folder, ca),
    ca,
  };
}

interface Place {
  readonly file: string;
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

async function userOf(user: DescriptionFile['users'][number], place: Place): Promise<User> {
  const { name, rights, catalog } = user;
  return { name, rights: new Map(Object.entries(rights)), catalog, password: await passwordOf(user, place) };
}

async function passwordOf(
  { name, password }: DescriptionFile['users'][number],
  { file, folder, environment }: Place,
): Promise<Secret> {
  if ('file' in password) {
    const [line = ''] = (await readText(resolve(folder, password.file))).split(/\r?\n/, 1);
    if (line === '') throw new DescriptionError(`${file}: the password file of ${name} is empty: ${password.file}`);
    return new Secret(line);
  }
  const value = environment[password.env];
  if (value === undefined || value === '') {
    throw new DescriptionError(`${file}: the password of ${name} is expected in the variable ${password.env}`);
  }
  return new Secret(value);
}
