import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { run } from './support/process.ts';

const REPOSITORY = resolve(import.meta.dirname, '..');

interface Package {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly resolved?: string;
}

function read(name: string): unknown {
  return JSON.parse(readFileSync(join(REPOSITORY, name), 'utf8'));
}

it('names every dependency in CONTRIBUTING, with a reason', () => {
  const { dependencies = {}, devDependencies = {} } = read('package.json') as Package;
  const text = readFileSync(join(REPOSITORY, 'CONTRIBUTING.md'), 'utf8');

  const reasons = new Set([...text.matchAll(/^\| (\S+) \| \S.* \| \S.* \|$/gm)].map(([, name]) => name));
  const types = Object.keys(devDependencies).filter((name) => name.startsWith('@types/'));
  const named = [...Object.keys(dependencies), ...Object.keys(devDependencies)].filter((name) => !types.includes(name));
  expect(named.filter((name) => !reasons.has(name))).toEqual([]);
  expect([...reasons].filter((name) => name !== 'package' && name !== '---' && !named.includes(name ?? ''))).toEqual(
    [],
  );
});

it('locks every optional dependency, so that `npm ci` works on every platform, and no address', () => {
  const { packages } = read('package-lock.json') as { readonly packages: Readonly<Record<string, Package>> };

  const missing = Object.values(packages).flatMap(({ optionalDependencies = {} }) =>
    Object.keys(optionalDependencies).filter((name) => packages[`node_modules/${name}`] === undefined),
  );
  expect(missing).toEqual([]);
  expect(Object.values(packages).filter(({ resolved }) => resolved !== undefined)).toEqual([]);
});

it.each(['mine/ldap.password', 'mine/broker.yaml'])('keeps %s out of git and of the package', async (name) => {
  const ignored = await run('git', ['check-ignore', '--no-index', name], { cwd: REPOSITORY });
  const { files = [] } = read('package.json') as { readonly files?: readonly string[] };

  expect([ignored.code, ignored.stdout]).toEqual([0, `${name}\n`]);
  expect(files.length).toBeGreaterThan(0);
  expect(files.filter((entry) => name.startsWith(entry.replace(/^\.?\//, '')) || /[*!]/.test(entry))).toEqual([]);
  expect((await run('git', ['check-ignore', '--no-index', 'src/README.md'], { cwd: REPOSITORY })).code).toBe(1);
});
