/** What all documents share: links that lead somewhere, npm scripts and files that exist, the words of the glossary. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { anchorsIn, linksIn } from '../../support/markdown.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const FOLDERS = ['config', 'docker', 'src', 'test'];

const DOCUMENTS: readonly string[] = [
  ...readdirSync(ROOT).map((name) => join(ROOT, name)),
  ...FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true }).map((name) => join(ROOT, folder, String(name))),
  ),
].filter((path) => path.endsWith('.md'));

const named = DOCUMENTS.map((path) => [relative(ROOT, path), readFileSync(path, 'utf8')] as const);

describe('the documents', () => {
  it.each(named)('link to files and headings that exist: %s', (name, text) => {
    const folder = dirname(join(ROOT, name));

    for (const { file, anchor } of linksIn(text)) {
      const target = file === '' ? join(ROOT, name) : join(folder, file);
      expect(existsSync(target), `${name} links to ${file}`).toBe(true);
      if (anchor !== undefined)
        expect(anchorsIn(readFileSync(target, 'utf8')), `${name} links to ${file}#${anchor}`).toContain(anchor);
    }
  });

  it.each(named)('name npm scripts that exist: %s', (_name, text) => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      readonly scripts: Readonly<Record<string, string>>;
    };

    const used = [...text.matchAll(/npm run (?:-s )?([\w:-]+)/g)].flatMap(([, script]) => script ?? []);
    expect(used.filter((script) => !(script in scripts))).toEqual([]);
  });

  it.each(named)('name files of this repository that exist: %s', (_name, text) => {
    const files = [...text.matchAll(/`((?:src|test|config|docker)\/[\w./-]+\.(?:ts|md|sh|json|yaml))`/g)].flatMap(
      ([, file]) => file ?? [],
    );

    // Those of a recipe are created by its reader.
    const ofRecipes = ['config/broker.yaml', 'config/policy.yaml', 'test/integration/my-backend.test.ts'];
    const exists = (file: string): boolean =>
      [ROOT, join(ROOT, 'src')].some((folder) => existsSync(join(folder, file)));
    expect(files.filter((file) => !exists(file) && !ofRecipes.includes(file))).toEqual([]);
  });

  it.each(named)('use the words of the glossary: %s', (name, text) => {
    // The glossary itself lists the words that are not used.
    const [checked = ''] = name === 'src/README.md' ? text.split('### Words we do not use') : [text];

    const prose = checked.replaceAll(/```.*?```|`[^`]*`/gs, '');
    expect(
      prose.match(/\b(?:lest|mends?|mended|beneath|besides|whosoever|untold|spares?|knocks|stranger)\b/gi) ?? [],
    ).toEqual([]);
  });
});

describe('the files that src/README.md names', () => {
  it('exist', () => {
    const text = readFileSync(join(ROOT, 'src/README.md'), 'utf8');

    const files = [...text.matchAll(/`((?:core|flows|backends|platform|config|migrate|http|app|cli)\/[\w./-]+\.ts)`/g)];
    expect(files.length).toBeGreaterThan(10);
    expect(files.map(([, file]) => `src/${file}`).filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
  });
});

describe('the links in a document', () => {
  it('are found with file and anchor, but not those to other sites', () => {
    expect(linksIn('see [a](b.md#c), [d](#e), [f](../g) and [h](https://example.com/#i)')).toEqual([
      { file: 'b.md', anchor: 'c' },
      { file: '', anchor: 'e' },
      { file: '../g', anchor: undefined },
    ]);
  });

  it('lead to headings as GitHub names them', () => {
    expect(anchorsIn('# Backend `oidc-token`\n\n## `type: ldap`, and more\n')).toEqual([
      'backend-oidc-token',
      'type-ldap-and-more',
    ]);
  });
});
