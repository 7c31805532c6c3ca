/** What documents and messages say about commands and endpoints is what the program has. */
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createAdminApp, createApp } from '../../../src/http/app.ts';
import type { AppDeps } from '../../../src/http/app.ts';
import { commands } from './workspace.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const DEFINITION = 'fairlead() { npm run -s fairlead -- "$@"; }';
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const found = (pattern: string): readonly string[] => globSync(pattern, { cwd: ROOT }).toSorted();
const documents = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', ...found('{config,docker,src}/**/*.md')];
const sources = found('src/**/*.ts');

interface Mention {
  readonly place: string;
  /** What follows the word `fairlead`, such as `check --config FILE`. */
  readonly text: string;
}

/** The commands in the code of a document: in its blocks and between backticks. */
function mentionsIn(file: string): readonly Mention[] {
  let isBlock = false;
  return read(file)
    .split('\n')
    .flatMap((line, index) => {
      if (line.trimStart().startsWith('```')) isBlock = !isBlock;
      const code = isBlock
        ? [line.replace(/(^|\s)#.*/, '')]
        : [...line.matchAll(/`([^`]+)`/g)].map(([, span]) => span ?? '');
      return code.flatMap((text) =>
        [...text.matchAll(/(?<![\w./:@-])fairlead ((?:[a-z]|--)[^|;&#]*)/g)].map(([, rest = '']) => ({
          place: `${file}:${index + 1}`,
          text: rest.trim(),
        })),
      );
    });
}

const known = await commands();

/** What is wrong with a mention; undefined: nothing. */
function problemOf({ place, text }: Mention): string | undefined {
  const words = text.split(/\s+/);
  const command = known.findLast(({ name }) => `${words.join(' ')} `.startsWith(`${name} `));
  if (command === undefined) return text.startsWith('--') ? undefined : `${place}: no command ${text}`;
  const options = words.flatMap((word) => /^(--[a-z-]+)/.exec(word)?.[1] ?? []);
  const unknown = options.filter((option) => option !== '--help' && !command.options.includes(option));
  return unknown.length === 0 ? undefined : `${place}: ${command.name} has no option ${unknown.join(', ')}`;
}

describe('commands', () => {
  it('that documents name exist, with their options', () => {
    const mentions = documents.flatMap(mentionsIn);

    expect(mentions.length).toBeGreaterThan(40);
    expect(mentions.flatMap((mention) => problemOf(mention) ?? [])).toEqual([]);
  });

  it.each([
    ['frobnicate --all', 'x:1: no command frobnicate --all'],
    ['check --frobnicate', 'x:1: check has no option --frobnicate'],
    ['tokens list --all', 'x:1: tokens list has no option --all'],
  ])('that do not exist are noticed: fairlead %s', (text, expected) => {
    expect(problemOf({ place: 'x:1', text })).toBe(expected);
  });

  it('that messages of the program name exist', () => {
    const names = new Set(known.map(({ name }) => name));
    const mentions = sources.flatMap((file) =>
      [...read(file).matchAll(/[`"]fairlead ([a-z][a-z-]*(?: (?:list|revoke|modernise))?)/g)].map(([, name = '']) => ({
        file,
        name,
      })),
    );

    expect(mentions.length).toBeGreaterThan(10);
    expect(mentions.filter(({ name }) => !names.has(name))).toEqual([]);
  });

  it('are all in the table of the README, with the words of their help', () => {
    const rows = [...read('README.md').matchAll(/^\| `fairlead ([a-z -]+)` \| (.*) \|$/gm)];

    expect(rows.map(([, name, description]) => `${name}: ${description}`)).toEqual(
      known.flatMap(({ name, description, isLeaf }) => (isLeaf ? [`${name}: ${description}`] : [])),
    );
  });

  it('are all in the changelog', () => {
    const text = read('CHANGELOG.md');
    const topLevel = known.flatMap(({ name }) => (name.includes(' ') ? [] : [name]));

    expect(topLevel.filter((name) => !text.includes(`\`fairlead ${name}`))).toEqual([]);
  });

  it('are spelled `fairlead` everywhere: one line in the README says what that is in a checkout', () => {
    const others = [...documents, ...sources].flatMap((file) =>
      read(file)
        .replaceAll(DEFINITION, '')
        .match(/npm run (?:-s )?fairlead/) === null
        ? []
        : [file],
    );

    expect(others).toEqual([]);
    expect(read('README.md').split(DEFINITION).length).toBe(2);
    expect(JSON.parse(read('package.json'))).toMatchObject({ scripts: { fairlead: 'node src/cli/main.ts' } });
  });
});

interface Routed {
  readonly router: { readonly stack: readonly { readonly route?: { readonly path: string | readonly string[] } }[] };
}

/** The paths of an app, without a slash at their end. */
function pathsOf(app: unknown): readonly string[] {
  const paths = (app as Routed).router.stack.flatMap(({ route }) => route?.path ?? []);
  return [...new Set(paths.map((path) => path.replace(/\/$/, '')))].toSorted();
}

describe('endpoints', () => {
  const metrics = async (): Promise<unknown> => ({ contentType: '', text: '' });
  // Nothing is asked of them: only their routes are read.
  const deps = { services: new Map(), corsOrigins: [], metrics } as unknown as AppDeps & {
    readonly metrics: NonNullable<AppDeps['metrics']>;
  };
  const paths = pathsOf(createApp(deps));

  it('are all in the table of the README', () => {
    const [, table = ''] = read('README.md').split('| endpoint | |');
    const rows = table.trim().split('\n').slice(1);
    const cells = rows.slice(0, rows.indexOf('')).map((row) => row.split('|')[1] ?? '');

    expect(cells.flatMap((cell) => cell.match(/\/[\w./-]+/g) ?? []).toSorted()).toEqual(paths);
    expect(paths).toContain('/token');
  });

  it('of the admin listener are endpoints of the table, too', () => {
    expect(pathsOf(createAdminApp(deps)).filter((path) => !paths.includes(path))).toEqual([]);
  });

  it('are all in the changelog', () => {
    const text = read('CHANGELOG.md');

    expect(paths.filter((path) => !text.includes(`\`${path}\``))).toEqual([]);
  });
});
