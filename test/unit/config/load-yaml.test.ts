import { describe, expect, it } from 'vitest';
import { loadYaml } from '../../../src/config/load-yaml.ts';
import { ConfigError } from '../../../src/config/problems.ts';
import { problemsOf, writtenFiles } from './written-files.ts';

const OPTIONS = { maxBytes: 4096 };

async function problems(content: string | Uint8Array): Promise<readonly string[]> {
  await using files = await writtenFiles({ 'a.yaml': content });
  return await problemsOf(files, async () => {
    const yaml = await loadYaml(files.path('a.yaml'), OPTIONS);
    // The caller reports the problems after which the rest can still be checked.
    if (yaml.problems.length > 0) throw new ConfigError(yaml.problems);
  });
}

describe('loadYaml', () => {
  it.each([
    [
      'a key given twice',
      'a: 1\nb: 2\na: 3\n',
      '3:1: found a key a second time (first in line 1), expected each once: delete one',
    ],
    [
      'a key given twice, once in quotes',
      '5: a\n"5": b\n',
      '2:1: found a key a second time (first in line 1), expected each once: delete one',
    ],
    ['a merge key', 'x: &x {a: 1}\ny:\n  <<: *x\n', '3:3: found a merge key (<<), expected its keys written out'],
    ['a key of the prototype', 'a:\n  __proto__: 1\n', '2:3: found a key named __proto__, expected another name'],
    ['an unknown tag', 'a: !foo x\n', '1:9: found a tag, expected a plain value'],
    ['a known tag', 'a: !!binary aGk=\n', '1:13: found a tag, expected a plain value'],
    ['a mapping as a key', '? {a: b}\n: c\n', '1:3: found a mapping or list as a key, expected text'],
    ['another version', '%YAML 1.1\n---\na: yes\n', '1:1: found %YAML 1.1, expected YAML 1.2'],
    ['a second document', 'a: 1\n---\nb: 2\n', '2:1: found a second document, expected one'],
    [
      'an alias without anchor',
      'a:\n  - *b\n',
      '2:5: found an alias without its anchor; text that begins with * is quoted',
    ],
    ['an alias inside of its anchor', 'a: &a [1, *a]\n', '1:11: found an alias inside its own anchor'],
    ['a tab', 'a:\n\tb: 1\n', '2:1: found a tab, expected spaces'],
    [
      'a reserved character',
      'a: @b\n',
      '1:4: found a value that begins with a reserved character, expected it in quotes',
    ],
    ['a second colon', 'a: b: c\n', '1:4: found a second colon in a line, expected text with ": " in it to be quoted'],
  ])('refuses %s and says where', async (_what, content, expected) => {
    expect(await problems(content)).toEqual([`a.yaml:${expected}`]);
  });

  it('refuses aliases that expand to too much', async () => {
    const levels = Array.from({ length: 20 }, (_, index) => `l${index}: &l${index} [*l${index - 1}, *l${index - 1}]`);

    const found = await problems(['l-1: &l-1 [x, x]', ...levels].join('\n'));

    expect(found).toEqual(['a.yaml:1:1: found aliases that expand to too much, expected the values written out']);
  });

  it('refuses more than 100 aliases', async () => {
    const found = await problems(`a: &a x\nb: [${Array.from({ length: 101 }, () => '*a').join(', ')}]\n`);

    expect(found).toEqual([expect.stringMatching(/^a\.yaml:2:\d+: found more than 100 aliases$/)]);
  });

  it('accepts a few aliases', async () => {
    await using files = await writtenFiles({ 'a.yaml': 'a: &a [x]\nb: *a\n' });

    const yaml = await loadYaml(files.path('a.yaml'), OPTIONS);

    expect(yaml.value).toEqual({ a: ['x'], b: ['x'] });
    expect(yaml.problems).toEqual([]);
    expect(yaml.problem(['b', 0], 'here')).toMatchObject({ line: 1, column: 8, path: 'b.0' });
  });

  it.each([
    ['brackets', '['.repeat(100_000), '1:67'],
    ['mappings in braces', '{a: '.repeat(100_000), /^1:2\d\d$/],
    ['lists in one line', `${'- '.repeat(100_000)}x`, /^1:1\d\d$/],
    [
      'mappings below each other',
      Array.from({ length: 500 }, (_, depth) => `${' '.repeat(depth)}a:\n`).join(''),
      /^6\d:\d+$/,
    ],
  ])('refuses %s nested by the thousand at the first level that is too deep', async (_what, text, place) => {
    await using files = await writtenFiles({ 'a.yaml': text });

    const [found, ...others] = await problemsOf(files, () => loadYaml(files.path('a.yaml'), { maxBytes: 1_000_000 }));

    // The place shows that what follows, and would take gigabytes as a tree, has not been read.
    expect(/^a\.yaml:(\d+:\d+): is nested too deeply$/.exec(found ?? '')?.[1]).toMatch(place);
    expect(others).toEqual([]);
  });

  it('takes 60 levels, and several documents are still an error', async () => {
    await using files = await writtenFiles({ deep: `${'['.repeat(60)}${']'.repeat(60)}`, two: 'a: 1\n---\nb: 2\n' });

    expect((await loadYaml(files.path('deep'), OPTIONS)).problems).toEqual([]);
    expect(await problemsOf(files, () => loadYaml(files.path('two'), OPTIONS))).toEqual([
      expect.stringContaining('found a second document, expected one'),
    ]);
  });

  it('refuses a file that is too large, not text, or missing', async () => {
    await using files = await writtenFiles({ large: 'x'.repeat(5000), latin1: Uint8Array.of(0x61, 0xe9) });
    const found = (name: string) => problemsOf(files, () => loadYaml(files.path(name), OPTIONS));

    expect(await found('large')).toEqual(['large: found 5000 bytes, expected 4096 at most']);
    expect(await found('latin1')).toEqual(['latin1: found bytes that are not UTF-8, expected a text file in UTF-8']);
    expect(await found('none')).toEqual(['none: cannot be read (no such file), expected a text file']);
    expect(await found('.')).toEqual([expect.stringContaining('found no regular file, expected a text file')]);
  });

  it('returns the places of keys, values, empty values and missing values', async () => {
    await using files = await writtenFiles({ 'a.yaml': 'one:\n  two: [x, {three: y}]\n  "four five":\n' });
    const yaml = await loadYaml(files.path('a.yaml'), OPTIONS);
    const place = (path: (string | number)[], at?: 'key') => {
      const { line, column, path: shown } = yaml.problem(path, '', at);
      return `${line}:${column} ${shown}`;
    };

    expect(place(['one', 'two', 1, 'three'])).toBe('2:20 one.two.1.three');
    expect(place(['one', 'two', 1, 'three'], 'key')).toBe('2:13 one.two.1.three');
    expect(place(['one', 'four five'])).toBe('3:3 one."four five"');
    expect(place(['one', 'two', 2])).toBe('2:8 one.two.2');
    expect(place(['one', 'six', 'seven'], 'key')).toBe('2:3 one.six.seven');
    expect(yaml.existing(['one', 'two', 0, 'x'])).toEqual(['one', 'two', 0]);
  });

  it('returns a revision that depends on the content', async () => {
    await using files = await writtenFiles({ a: 'a: 1', b: 'a: 2' });
    const revision = async (name: string) => (await loadYaml(files.path(name), OPTIONS)).revision;

    expect(await revision('a')).toBe('16c3c6d78678');
    expect(await revision('b')).not.toBe(await revision('a'));
  });
});
