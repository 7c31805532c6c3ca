/** The source is what src/README.md says it is: its layers, the list of backends, the size of files. */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { backendModules } from '../src/backends/index.ts';
import { run } from './support/process.ts';

const ROOT = resolve(import.meta.dirname, '..');
const SRC = join(ROOT, 'src');
const LAYERS = [
  'core',
  'flows',
  'backends',
  'platform',
  'config',
  'migrate',
  'pages',
  'http',
  'app',
  'conformance',
  'helper',
  'cli',
] as const;
type Layer = (typeof LAYERS)[number];
const MAX_LINES = 300;
/** Literals outside src/backends that are spelled like the type of a backend and mean something else. */
const NOT_A_BACKEND = [
  // What docker_auth calls its sources of users.
  "migrate/docker-auth/world.ts: 'ldap'",
  // A section in the configuration of zot.
  "migrate/zot/access-control.ts: 'http'",
];
/** Folders of `backends` that are no backend: what several of them share. */
const SHARED = ['http-client', 'oidc'];
const TYPES: readonly string[] = backendModules.map(({ type }) => type);

/** What the table in src/README.md says that each layer imports. */
async function documented(): Promise<ReadonlyMap<Layer, readonly Layer[]>> {
  const rows = (await readFile(join(SRC, 'README.md'), 'utf8')).matchAll(/^\| `(\w+)` \|[^|]*\|([^|]*)\|$/gm);
  return new Map(
    [...rows].flatMap(([, name, imports = '']) =>
      LAYERS.flatMap((layer) => (layer === name ? [[layer, named(imports, layer)]] : [])),
    ),
  );
}

function named(imports: string, self: Layer): readonly Layer[] {
  if (!imports.trim().startsWith('all')) return LAYERS.filter((layer) => new RegExp(`\\b${layer}\\b`).test(imports));
  const [, exceptions = ''] = /all but ([\w, ]+)/.exec(imports) ?? [];
  return LAYERS.filter(
    (layer) =>
      layer !== self &&
      !exceptions
        .trim()
        .split(/, | and /)
        .includes(layer),
  );
}

async function references(layer: Layer): Promise<readonly Layer[]> {
  const text = await readFile(join(SRC, layer, 'tsconfig.json'), 'utf8');
  const paths = [...text.matchAll(/"path": "\.\.\/(\w+)"/g)].map(([, path]) => path);
  return LAYERS.filter((other) => paths.includes(other));
}

async function sources(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}

/** What a file imports: packages by name, files by their path. */
async function importsOf(file: string): Promise<readonly string[]> {
  const text = await readFile(file, 'utf8');
  const specifiers = text.matchAll(
    /^(?:import|export)\s[^;=]*?\bfrom '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm,
  );
  return [...specifiers]
    .map((match) => match.slice(1).find((part) => part !== undefined) ?? '')
    .map((specifier) => (specifier.startsWith('.') ? resolve(dirname(file), specifier) : specifier));
}

/** A project with the real layers as their tsconfig files define them, and with these imports in them. */
async function layersWith(imports: Readonly<Partial<Record<Layer, readonly string[]>>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-layers-'));
  folders.push(folder);
  await cp(join(ROOT, 'tsconfig.json'), join(folder, 'tsconfig.json'));
  await cp(join(ROOT, 'package.json'), join(folder, 'package.json'));
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  for (const layer of LAYERS) {
    const path = join(folder, 'src', layer);
    await mkdir(path, { recursive: true });
    await cp(join(SRC, layer, 'tsconfig.json'), join(path, 'tsconfig.json'));
    await writeFile(join(path, 'layer.ts'), `export const ${layer} = '${layer}';\n`);
    for (const [index, text] of (imports[layer] ?? []).entries())
      await writeFile(join(path, `planted-${index}.ts`), text);
  }
  return folder;
}

const folders: string[] = [];
afterAll(async () => {
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true })));
});

const importing = (layer: string): string =>
  `import { ${layer} } from '../${layer}/layer.ts';\nexport const got = ${layer};\n`;

interface Build {
  readonly code: number | null;
  readonly output: string;
}

async function build(folder: string, layers: readonly Layer[]): Promise<Build> {
  const tsc = join(ROOT, 'node_modules/.bin/tsc');
  const projects = layers.map((layer) => `src/${layer}`);
  const { code, stdout, stderr } = await run(process.execPath, [tsc, '-b', ...projects], { cwd: folder });
  return { code, output: stdout + stderr };
}

async function forbiddenFor(layer: Layer): Promise<readonly Layer[]> {
  const allowed = await references(layer);
  return LAYERS.filter((other) => other !== layer && !allowed.includes(other));
}

/** One build of all layers, each with an import of every layer that it may not import: eleven builds take seconds. */
async function buildForbidden(): Promise<Build> {
  const imports = await Promise.all(
    LAYERS.map(async (layer) => [layer, (await forbiddenFor(layer)).map(importing)] as const),
  );
  return build(await layersWith(Object.fromEntries(imports)), LAYERS);
}

describe('the layers', () => {
  it('are those that src/README.md lists, each a project of the whole', async () => {
    const entries = await readdir(SRC, { withFileTypes: true });
    const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    const root = await readFile(join(ROOT, 'tsconfig.json'), 'utf8');

    expect(names.toSorted()).toEqual([...LAYERS].toSorted());
    expect([...(await documented()).keys()].toSorted()).toEqual([...LAYERS].toSorted());
    for (const layer of LAYERS) expect(root).toContain(`{ "path": "src/${layer}" }`);
  });

  it.each(LAYERS)('%s refers to exactly the layers that src/README.md says it imports', async (layer) => {
    expect(await references(layer)).toEqual((await documented()).get(layer));
  });

  it('may import what they refer to', async () => {
    const imports = await Promise.all(
      LAYERS.map(async (layer) => [layer, (await references(layer)).map(importing)] as const),
    );
    const folder = await layersWith(Object.fromEntries(imports));

    expect(await build(folder, ['cli'])).toEqual({ code: 0, output: '' });
  });

  it('are refused by the compiler when they import any other layer', async () => {
    const { code, output } = await buildForbidden();

    const refused = [...output.matchAll(/src\/(\w+)\/planted-(\d+)\.ts\(1,\d+\): error TS6307/g)];
    const planted = await Promise.all(
      LAYERS.map(async (layer) => [...(await forbiddenFor(layer)).keys()].map((index) => `${layer} ${index}`)),
    );
    expect(new Set(refused.map(([, layer, index]) => `${layer} ${index}`))).toEqual(new Set(planted.flat()));
    expect(planted.flat().length).toBeGreaterThan(20);
    expect(code).not.toBe(0);
  });

  it('core is refused Node, its globals and the network', async () => {
    const folder = await layersWith({
      core: [
        "export { readFile } from 'node:fs';\n",
        'export const got = process.env;\n',
        'export const got = fetch;\n',
      ],
    });

    const { output } = await build(folder, ['core']);

    for (const index of [0, 1, 2]) expect(output).toMatch(new RegExp(`planted-${index}\\.ts\\(.*error TS`));
  });
});

describe('the sources', () => {
  it.each([
    ['core', []],
    ['flows', []],
    ['pages', []],
    // zod only in `http/api`: see the test below.
    ['http', ['cookie', 'express', 'helmet', 'passport', 'zod', /^node:/]],
    ['config', ['re2js', 'yaml', 'zod', /^node:/]],
    ['migrate', ['yaml', /^node:/]],
    ['conformance', ['commander', 'yaml', 'zod', /^node:/]],
    ['helper', [/^node:/]],
  ] as const)('of %s import no packages but %j', async (layer, allowed) => {
    const files = await sources(join(SRC, layer));
    const imported = (await Promise.all(files.map(importsOf))).flat();

    const packages = imported.filter((specifier) => !specifier.startsWith('/'));
    expect(imported.length).toBeGreaterThan(0);
    expect(
      packages.filter((name) => !allowed.some((rule) => (typeof rule === 'string' ? rule === name : rule.test(name)))),
    ).toEqual([]);
  });

  it('of one backend, or of what several share, import no other backend', async () => {
    const backends = join(SRC, 'backends');
    const crossing = [];
    for (const type of [...backendModules.map((module) => module.type), ...SHARED]) {
      for (const file of await sources(join(backends, type))) {
        const others = (await importsOf(file)).filter((path) =>
          backendModules.some((other) => other.type !== type && path.startsWith(join(backends, other.type, '/'))),
        );
        crossing.push(...others.map((path) => `${relative(SRC, file)} imports ${relative(SRC, path)}`));
      }
    }

    expect(crossing).toEqual([]);
  });

  it('of http import zod only in http/api, which no other source loads at the start', async () => {
    const files = await sources(SRC);
    const api = join(SRC, 'http/api/');
    const importers = [];
    for (const file of files) {
      if (file.startsWith(api)) continue;
      const text = await readFile(file, 'utf8');
      const imported = (await importsOf(file)).filter((path) => path === 'zod' || path.startsWith(api));
      const isLoaded = /^(?:import|export) (?!type )[^;]*from '(?:[./]*http\/api\/|\.\/api\/)[^']+'/m.test(text);
      if (file.startsWith(join(SRC, 'http/')) && imported.length > 0) importers.push(relative(SRC, file));
      if (isLoaded) importers.push(relative(SRC, file));
    }

    // What the API itself and the console load, and commands.
    const lazy = /^(?:app\/api\/|app\/console-(?:admin|policy)\.ts|app\/control\.ts|cli\/)/;
    expect(importers.filter((file) => !lazy.test(file))).toEqual([]);
    expect(importers.length).toBeGreaterThan(3);
  });

  it(`have at most ${MAX_LINES} lines each`, async () => {
    const files = await sources(SRC);
    const lengths = await Promise.all(
      files.map(async (file) => ({
        file: relative(SRC, file),
        lines: (await readFile(file, 'utf8')).split('\n').length - 1,
      })),
    );

    expect(lengths.length).toBeGreaterThan(50);
    expect(lengths.filter(({ lines }) => lines > MAX_LINES)).toEqual([]);
  });
});

/**
 * Where a source reads the type of a backend: a literal in a comparison, a case, an argument, a list, a union or a key.
 * The value of a property or of a conditional expression (`type: 'ldap'`) writes one, as an import does.
 */
function backendTypesIn(source: string): readonly string[] {
  const text = source.replaceAll(/\/\*[^]*?\*\/|(?<=^|\s)\/\/.*$/gm, '');
  const literal = new RegExp(`(['"])(?:${TYPES.join('|')})\\1`, 'g');
  return [...text.matchAll(literal)]
    .filter(({ index }) => !/[\w)'"`\]] *[:?]\s+$/.test(text.slice(0, index)))
    .map(([found]) => found);
}

describe('what is known about a type of backend', () => {
  it('stands in its folder: no source outside src/backends compares or lists the types', async () => {
    const files = (await sources(SRC)).filter((file) => !file.startsWith(join(SRC, 'backends/')));
    const found = await Promise.all(
      files.map(async (file) =>
        backendTypesIn(await readFile(file, 'utf8')).map((literal) => `${relative(SRC, file)}: ${literal}`),
      ),
    );

    expect(files.length).toBeGreaterThan(50);
    expect(found.flat().toSorted()).toEqual(NOT_A_BACKEND.toSorted());
  });

  it.each(TYPES)('would be found anywhere else: %s', (type) => {
    for (const planted of [
      `if (backend.type === '${type}') warn();`,
      `if (backend.type !== "${type}") warn();`,
      `if ('${type}' === backend.type) warn();`,
      `switch (type) { case '${type}': return true; }`,
      `const slow = ['${type}', 'other'];`,
      `const isSlow = new Set(['${type}']).has(type);`,
      `const NAMES = { '${type}': 'slow' };`,
      `interface Slow { readonly type: 'other' | '${type}' }`,
    ]) {
      expect({ planted, found: backendTypesIn(planted) }).toEqual({ planted, found: [expect.stringContaining(type)] });
    }
    for (const harmless of [
      `const backend = { name: 'corp', type: '${type}' };`,
      `const scheme = tls ? '${type}s' : '${type}';`,
      `// A \`${type}\` server.`,
      `/** As in '${type}'. */`,
    ]) {
      expect({ harmless, found: backendTypesIn(harmless) }).toEqual({ harmless, found: [] });
    }
  });
});

/** The files that compare, hash, send or store a secret. Everything else asks `Secret` without revealing it. */
const REVEALING = [
  'app/api/token-handlers.ts',
  'app/open-shared.ts',
  'backends/http-client/bearer.ts',
  'backends/http-client/proxy.ts',
  'backends/http/authenticator.ts',
  'backends/ldap/servers/service-account.ts',
  'backends/ldap/wire/connection.ts',
  'backends/oidc-password/grant.ts',
  'backends/oidc-sign-in/logout-token.ts',
  'backends/oidc-token/authenticator.ts',
  'backends/oidc/client/client-authentication.ts',
  'backends/static-file/authenticator.ts',
  'backends/static-file/plain-secret.ts',
  'backends/static-file/users-task.ts',
  'cli/init/stored-secret.ts',
  'cli/tokens/create.ts',
  'conformance/secrets.ts',
  'flows/device/poll.ts',
  'flows/device/request.ts',
  'helper/doctor/server.ts',
  'helper/login/revoke.ts',
  'helper/logins/login.ts',
  'helper/logins/platform-store.ts',
  'helper/verbs.ts',
  'http/console/cookies.ts',
  'http/console/tokens.ts',
  'http/oauth/authorize.ts',
  'http/oauth/routes.ts',
  'http/token.ts',
  'platform/code-secrets.ts',
  'platform/fingerprint.ts',
  'platform/personal-token-secrets.ts',
  'platform/postgres/address.ts',
  'platform/postgres/connections.ts',
  'platform/refresh-token-secrets.ts',
  'platform/session-secrets.ts',
  'platform/signing/jwt-verifier.ts',
];

describe('secrets', () => {
  it('are revealed only where they are compared, hashed or sent', async () => {
    const files = await sources(SRC);
    const revealing = [];
    for (const file of files) if (reveals(await readFile(file, 'utf8'))) revealing.push(relative(SRC, file));

    expect(revealing.toSorted()).toEqual(REVEALING);
  });

  it.each(['password.reveal()', 'const { reveal } = password', "password['reveal']()", 'password\n  .reveal()'])(
    'count as revealed by %j',
    (text) => {
      expect(reveals(text)).toBe(true);
    },
  );
});

/** Any use of the method but its declaration and comments about it. */
function reveals(text: string): boolean {
  return /\breveal\b/.test(text.replaceAll(/^\s*(?:\/?\*|\/\/).*$/gm, '').replaceAll('reveal(): string {', ''));
}

describe('the list of backends', () => {
  it('has a line for each folder, but for what several share', async () => {
    const entries = await readdir(join(SRC, 'backends'), { withFileTypes: true });
    const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);

    expect([...backendModules.map(({ type }) => type), ...SHARED].toSorted()).toEqual(names.toSorted());
  });
});
