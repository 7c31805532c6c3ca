/** The files and secrets that a document names: checks that they exist, and resolves paths. */
import { access, constants, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { FilePath, SecretRef } from '../backends/fields.ts';
import { exposure } from '../backends/file-exposure.ts';
import { withoutCredentials } from './expectation.ts';
import type { YamlFile } from './load-yaml.ts';
import type { ConfigProblem, Path } from './problems.ts';
import { causeOf } from './read-text.ts';
import { alternatives, childSchema, isRecord, referenceKind } from './schema-walk.ts';
import type { Schema } from './schema-walk.ts';

/** A text that is not a variable name may be the secret itself, and is not shown. */
const VARIABLE = /^[A-Z_][A-Z0-9_]*$/i;

/** Keys of the configuration whose file is a private key, a password or a URL with one. */
const KEY_FILES: ReadonlySet<unknown> = new Set(['keyFile', 'previousKeyFile']);
const SECRET_FILES: ReadonlySet<unknown> = new Set([...KEY_FILES, 'passwordFile', 'urlFile']);

type Env = Readonly<Record<string, string | undefined>>;

interface NamedFile {
  readonly path: Path;
  readonly file: string;
  /** Whether it holds a secret or a private key. */
  readonly isSecret: boolean;
}

interface NamedVariable {
  readonly path: Path;
  readonly name: string;
}

/**
 * Missing files and unset variables. The walk is over the document as written, so that they are reported together with
 * other problems.
 */
export async function checkReferences(yaml: YamlFile, schema: Schema, env: Env): Promise<readonly ConfigProblem[]> {
  const named = [...references(schema, yaml.value, [])];
  const files = named.filter((reference) => 'file' in reference);
  const variables = named.filter((reference) => 'name' in reference);
  const missing = await Promise.all(files.map((reference) => fileProblem(reference, yaml)));
  const unset = variables
    .filter(({ name }) => (env[name] ?? '') === '')
    .map(({ path, name }) =>
      yaml.problem(path, `the environment variable ${VARIABLE.test(name) ? `${name} ` : ''}is not set`),
    );
  return [...missing.filter((problem) => problem !== undefined), ...unset];
}

/** Secrets and private keys that other users can read. Signing keys are left to those who read them. */
export async function warnExposed(yaml: YamlFile, schema: Schema): Promise<readonly ConfigProblem[]> {
  const secrets = [...references(schema, yaml.value, [])].filter(
    (reference) => 'file' in reference && reference.isSecret && reference.path[0] !== 'keys',
  );
  const problems = secrets.map(async (reference) => {
    const text = 'file' in reference ? await exposure(resolve(yaml.folder, reference.file)) : undefined;
    return text === undefined ? [] : [yaml.problem(reference.path, text)];
  });
  return (await Promise.all(problems)).flat();
}

/** The absolute paths of the files that a document names, whether they exist or not. */
export function namedFiles(yaml: YamlFile, schema: Schema): readonly string[] {
  return [...references(schema, yaml.value, [])].flatMap((reference) =>
    'file' in reference ? [resolve(yaml.folder, reference.file)] : [],
  );
}

function* references(schema: Schema, value: unknown, path: Path): Generator<NamedFile | NamedVariable> {
  for (const settled of alternatives(schema, value)) {
    const kind = referenceKind(settled);
    if (kind === 'file' && isName(value)) yield { path, file: value, isSecret: SECRET_FILES.has(path.at(-1)) };
    else if (kind === 'secret') yield* secretReference(value, path);
    else yield* inside(settled, value, path);
  }
}

function* secretReference(value: unknown, path: Path): Generator<NamedFile | NamedVariable> {
  if (!isRecord(value) || Object.keys(value).length !== 1) return;
  if (isName(value['file'])) yield { path: [...path, 'file'], file: value['file'], isSecret: true };
  if (isName(value['env'])) yield { path: [...path, 'env'], name: value['env'] };
}

function* inside(schema: Schema, value: unknown, path: Path): Generator<NamedFile | NamedVariable> {
  const steps = Array.isArray(value) ? value.keys() : isRecord(value) ? Object.keys(value) : [];
  for (const step of steps) {
    const child = childSchema(schema, step);
    if (child !== undefined && isRecord(value)) yield* references(child, value[step], [...path, step]);
  }
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

async function fileProblem({ path, file, isSecret }: NamedFile, yaml: YamlFile): Promise<ConfigProblem | undefined> {
  const absolute = resolve(yaml.folder, file);
  const shown = withoutCredentials(absolute);
  try {
    const found = await stat(absolute);
    if (found.isDirectory()) return yaml.problem(path, `found the folder ${shown}, expected a file`);
    await access(absolute, constants.R_OK);
    // What a private key must have is checked by its reader.
    const isText = isSecret && !KEY_FILES.has(path.at(-1));
    if (isText && found.isFile() && found.size === 0) return yaml.problem(path, `${shown} is empty, expected a secret`);
    return undefined;
  } catch (error) {
    return yaml.problem(path, `${shown} cannot be read (${causeOf(error)}), expected a file`);
  }
}

/** Makes every path in a parsed configuration absolute, and freezes it. */
export function resolveReferences<T>(value: T, folder: string): T {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same shape with the same types comes out
  return resolved(value, folder) as T;
}

function resolved(value: unknown, folder: string): unknown {
  if (value instanceof FilePath) return new FilePath(resolve(folder, value.path));
  if (value instanceof SecretRef) {
    return 'file' in value.source ? new SecretRef({ file: resolve(folder, value.source.file) }) : value;
  }
  if (Array.isArray(value)) return Object.freeze(value.map((item: unknown) => resolved(item, folder)));
  if (!isPlainObject(value)) return value;
  return Object.freeze(Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolved(item, folder)])));
}

function isPlainObject(value: unknown): value is object {
  return isRecord(value) && Object.getPrototypeOf(value) === Object.prototype;
}
