/** The key tables of the reference pages. */
import { describe, expect, it } from 'vitest';
import { fillTables } from '../../../src/config/reference.ts';

const BROKER = {
  properties: {
    log: { description: 'The log', default: {}, properties: { level: { enum: ['a', 'b'], default: 'a' } } },
    wait: { title: 'duration from 1s to 1m, such as 1s', description: 'How long. Longer is safer. Default: forever.' },
    'a|b': { type: 'string', description: 'A <name>' },
    name: { type: 'string', maxLength: 9 },
    count: { type: 'integer', minimum: 1, maximum: 5, default: 2 },
    on: { type: 'boolean', default: false },
    names: { type: 'array', items: { type: 'string' }, minItems: 1, maxItems: 3 },
    oneOrMore: {
      anyOf: [
        { type: 'string', maxLength: 9 },
        { type: 'array', items: { type: 'string' } },
      ],
    },
    secret: {
      anyOf: [
        { properties: { env: { type: 'string' } }, required: ['env'] },
        { properties: { file: { type: 'string' } }, required: ['file'] },
      ],
    },
    map: { type: 'object', additionalProperties: { type: 'integer', minimum: Number.MIN_SAFE_INTEGER } },
    services: { additionalProperties: { properties: { key: { type: 'string' } } } },
    backends: {
      items: {
        oneOf: [
          {
            properties: { type: { const: 'x' }, name: { type: 'string' }, url: { type: 'string' } },
            required: ['url'],
          },
          { properties: { type: { const: 'y' }, name: { type: 'string' }, file: { type: 'string' } } },
        ],
      },
      type: 'array',
    },
  },
  required: ['wait', 'a|b'],
};
const POLICY = { properties: { rules: { type: 'array', items: { properties: { name: { type: 'string' } } } } } };
const TEXTS = { broker: JSON.stringify(BROKER), policy: JSON.stringify(POLICY) };

const filled = (selection: string): string =>
  fillTables(`before\n<!-- keys: ${selection} -->\nold\n<!-- end of keys -->\nafter\n`, TEXTS);
const rows = (selection: string): readonly string[] =>
  filled(selection)
    .split('\n')
    .filter((line) => line.startsWith('| `'));

describe('a key table', () => {
  it('shows type, default and meaning, and leaves the text around it', () => {
    expect(filled('broker wait log')).toBe(
      [
        'before',
        '<!-- keys: broker wait log -->',
        '| key | type | default | meaning |',
        '|---|---|---|---|',
        '| `log` | section |  | The log. |',
        '| `log.level` | `a`, `b` | `a` |  |',
        '| `wait` | duration from 1s to 1m | forever | How long. Longer is safer. |',
        '<!-- end of keys -->',
        'after\n',
      ].join('\n'),
    );
  });

  it.each([
    ['name', ['| `name` | text, at most 9 |  |  |']],
    ['count', ['| `count` | number from 1 to 5 | `2` |  |']],
    ['on', ['| `on` | `true`, `false` | `false` |  |']],
    ['names', ['| `names` | list of text, 1 to 3 |  |  |']],
    ['oneOrMore', ['| `oneOrMore` | text, or a list |  |  |']],
    ['map', ['| `map` | mapping |  |  |', '| `map.*` | number |  |  |']],
    ['services', ['| `services` | mapping |  |  |', '| `services.*.key` | text |  |  |']],
    ['secret', ['| `secret` | secret |  |  |', '| `secret.env` | text |  |  |', '| `secret.file` | text |  |  |']],
  ])('names the type of a value in words: %s', (key, expected) => {
    expect(rows(`broker ${key}`)).toEqual(expected);
  });

  it('shows the common keys of all types of backend, and the own keys of one', () => {
    expect(rows('broker backends')).toEqual([
      '| `backends` | list of section |  |  |',
      '| `backends[].type` | `x`, `y` |  | The kind of backend. |',
      '| `backends[].name` | text |  |  |',
    ]);
    expect(rows('backend x')).toEqual(['| `url` | text | required |  |']);
  });

  it('reads the policy schema as well', () => {
    expect(rows('policy rules')).toEqual(['| `rules` | list of section |  |  |', '| `rules[].name` | text |  |  |']);
  });

  it('leaves out the keys after `without`', () => {
    expect(rows('broker log without log.level')).toEqual(['| `log` | section |  | The log. |']);
  });

  it('escapes characters that Markdown would interpret', () => {
    expect(rows('broker a|b')).toEqual(['| `a\\|b` | text | required | A &lt;name>. |']);
  });

  it.each(['broker nothing', 'backend z', 'policy log'])('is refused when it selects no key: %s', (selection) => {
    expect(() => filled(selection)).toThrow(`the mark "keys: ${selection}" chooses no key`);
  });
});
