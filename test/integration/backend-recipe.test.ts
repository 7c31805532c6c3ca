/** The recipe "A new backend" in CONTRIBUTING.md, followed block by block in a copy of the repository. */
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../support/process.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const COPIED = [
  'CONTRIBUTING.md',
  'README.md',
  'config',
  'package.json',
  'src',
  'test',
  'tsconfig.json',
  'vitest.config.ts',
];
const LIST = 'src/backends/index.ts';
const PAGE = 'config/reference/backend-my-backend.md';
const PAGES = 'config/reference/backends.md';
const CHECKS = [
  'test/unit/config/samples.test.ts',
  'test/architecture.test.ts',
  '-t',
  'example|reference|list of backends',
];

/** Each block of the recipe by the file that its first line names. */
async function recipe(): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(join(ROOT, 'CONTRIBUTING.md'), 'utf8');
  const [section = ''] = /^## A new backend$.*?(?=^## )/ms.exec(text) ?? [];
  const blocks = section.matchAll(/^ +```\w+\n +(?:\/\/|#|<!--) ([\w./-]+)(?: -->)?\n(.*?)^ +```$/gms);
  return new Map([...blocks].map(([, file = '', body = '']) => [file, body.replaceAll(/^ {3}/gm, '')]));
}

describe('the recipe for a new backend', () => {
  let folder: string;
  let blocks: ReadonlyMap<string, string>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-recipe-'));
    const isSource = (path: string): boolean => !relative(ROOT, path).startsWith('test/bench');
    for (const name of COPIED) await cp(join(ROOT, name), join(folder, name), { recursive: true, filter: isSource });
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    blocks = await recipe();
    for (const file of blocks.keys()) await apply(file);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function apply(file: string): Promise<void> {
    const text = blocks.get(file) ?? '';
    const path = join(folder, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, await changed(file, text));
  }

  /** A file that exists gets the lines of the block; any other is the block. */
  async function changed(file: string, block: string): Promise<string> {
    if (file !== LIST && file !== PAGES) return block;
    const text = await readFile(join(ROOT, file), 'utf8');
    return file === LIST ? withLine(text, block) : text.replace(/(?<=^\| type \|.*?\n)(?=\n)/ms, block);
  }

  function withLine(list: string, line: string): string {
    return list
      .replace('import { staticFile }', `${line}import { staticFile }`)
      .replace('] as const;', ', myBackend] as const;');
  }

  async function node(...args: readonly string[]): Promise<{ readonly code: number | null; readonly output: string }> {
    const { code, stdout, stderr } = await run(process.execPath, args, { cwd: folder });
    return { code, output: stdout + stderr };
  }
  const build = () => node('node_modules/.bin/tsc', '-b', 'src/cli');
  const generate = () => node('src/cli/main.ts', 'schema');
  const check = () => node('node_modules/vitest/vitest.mjs', 'run', '--project', 'unit', ...CHECKS);

  it('touches the folder, the list, the example, the page and the list of pages', () => {
    expect([...blocks.keys()].toSorted()).toEqual([
      'config/examples/my-backend.yaml',
      PAGE,
      PAGES,
      LIST,
      'src/backends/my-backend/index.ts',
    ]);
  });

  it('gives code that compiles, a schema with the new type, and passes the checks', async () => {
    expect(await build()).toEqual({ code: 0, output: '' });
    expect(await generate()).toMatchObject({ code: 0 });
    expect(await readFile(join(folder, 'config/broker.schema.json'), 'utf8')).toContain('"my-backend"');
    expect(await check()).toMatchObject({ code: 0 });
  });

  it.each(['config/examples/my-backend.yaml', PAGE, PAGES, LIST])(
    'has no step too many: the checks fail without %s',
    async (file) => {
      const path = join(folder, file);
      if (file === LIST || file === PAGES) await cp(join(ROOT, file), path);
      else await rm(path);
      await generate();

      const { code, output } = await check();

      await apply(file);
      await generate();
      expect(output).toMatch(/Tests .*failed/);
      expect(code).toBe(1);
    },
  );

  it('has no answer too many: the code does not compile without one of the traits', async () => {
    const file = 'src/backends/my-backend/index.ts';
    const text = blocks.get(file) ?? '';
    const traits = [...(/traits: \(\) => \(\{(.*?)\}\),/s.exec(text)?.[1] ?? '').matchAll(/^ +(\w+): .*\n/gm)];
    expect(traits.length).toBeGreaterThan(5);

    for (const [line, name] of traits) {
      await writeFile(join(folder, file), text.replace(line, ''));
      const { code, output } = await build();
      expect({ name, code: code === 0, output }).toEqual({
        name,
        code: false,
        output: expect.stringContaining(`'${name}'`),
      });
    }
    await apply(file);
  });
});
