import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFilter } from '../../../../../src/backends/ldap/config/filter-parse.ts';
import { printFilter } from '../../../../../src/backends/ldap/config/filter-print.ts';
import { LDAP_PRESETS } from '../../../../../src/backends/ldap/config/presets.ts';
import { encodeFilter } from '../../../../../src/backends/ldap/wire/filter.ts';
import type { FilterNode } from '../../../../../src/backends/ldap/wire/filter.ts';

function parse(text: string, ...placeholders: string[]): FilterNode {
  const filter = parseFilter(text, placeholders);
  if (typeof filter === 'string') throw new Error(filter);
  return filter;
}

describe('parseFilter', () => {
  it.each([
    ['(uid=alice)', 'a30c 0403756964 0405616c696365'],
    ['(objectClass=*)', '870b 6f626a656374436c617373'],
    ['(&(a=1)(!(b=2)))', 'a012 a306 040161 040131 a208 a306 040162 040132'],
    ['(|)', 'a100'],
    ['(a>=1)', 'a506 040161 040131'],
    ['(a<=1)', 'a606 040161 040131'],
    ['(a~=1)', 'a806 040161 040131'],
    ['(cn=a*b*c)', 'a40f 0402636e 3009 800161 810162 820163'],
    ['(cn=*b*)', 'a409 0402636e 3003 810162'],
    ['(cn=\\c3\\a9\\2a)', 'a309 0402636e 0403c3a92a'],
    ['(cn=é)', 'a308 0402636e 0402c3a9'],
    ['(objectGUID;binary=\\00\\ff)', 'a317 04116f626a656374475549443b62696e617279 040200ff'],
    ['(1.2.840=x)', 'a30c 0407312e322e383430 040178'],
    ['(member:1.2.3:=x)', 'a912 8105312e322e33 82066d656d626572 8301 78'],
    ['(cn:dn:=x)', 'a90a 8202636e 830178 8401ff'],
    [' ( & \n ( a=1 ) ( b=2 ) ) ', 'a012 a307 040161 04023120 a307 040162 04023220'],
  ])('parses %j, which is then encoded as in RFC 4511', (text, hex) => {
    expect(encodeFilter(parse(text)).toString('hex')).toBe(hex.replaceAll(' ', ''));
  });

  it.each([
    ['uid=alice', 'expected ( at character 1'],
    ['(uid=alice', 'expected ) at character 11'],
    ['(uid=alice))', 'expected the end of the filter at character 12'],
    ['()', 'expected an attribute and =, such as (uid={login}) at character 2'],
    ['(=x)', 'expected an attribute and =, such as (uid={login}) at character 2'],
    ['(a:=)b', 'expected the end'],
    ['(cn=a**b)', 'expected one * and not two together'],
    ['(cn=\\zz)', 'expected ) at character 5'],
    ['(cn=a(b)', 'expected ) at character 6'],
    ['(uid={user})', 'expected only {login} in braces'],
    ['(uid={login)', 'expected only {login} in braces'],
    [`${'(!'.repeat(40)}(a=1)${')'.repeat(40)}`, 'expected at most 32 levels'],
    [`(a=${'x'.repeat(9000)})`, 'expected a filter of at most 8192 characters'],
  ])('describes the error in %j', (text, problem) => {
    expect(parseFilter(text, ['login'])).toContain(problem);
  });

  it('parses every filter that printFilter prints', () => {
    const attribute = fc.constantFrom('cn', 'uid', 'memberOf', '1.2.840');
    const value = fc.string({ unit: 'grapheme' }).map((text) => [Buffer.from(text, 'utf8')]);
    const bytes = fc.uint8Array({ maxLength: 8 }).map((array) => [Buffer.from(array)]);
    const { filter } = fc.letrec<{ filter: FilterNode }>((tie) => ({
      filter: fc.oneof(
        { maxDepth: 3 },
        fc.record({ kind: fc.constantFrom('equal', 'approximate'), attribute, value: fc.oneof(value, bytes) }),
        fc.record({ kind: fc.constant('present'), attribute }),
        fc.record({
          kind: fc.constant('extensible'),
          attribute,
          rule: fc.constantFrom(undefined, '1.2.3'),
          dnAttributes: fc.boolean(),
          value,
        }),
        fc.record({ kind: fc.constant('not'), filter: tie('filter') }),
        fc.record({ kind: fc.constantFrom('and', 'or'), filters: fc.array(tie('filter'), { maxLength: 3 }) }),
      ) as fc.Arbitrary<FilterNode>,
    }));

    fc.assert(
      fc.property(filter, (node) => {
        expect(encodeFilter(parse(printFilter(node))).equals(encodeFilter(node))).toBe(true);
      }),
    );
  });
});

it('prints the text for a placeholder with escapes, and a placeholder without a text by its name', () => {
  const filter = parse('(uid={login})', 'login');

  expect(printFilter(filter, { login: 'a*(b)' })).toBe('(uid=a\\2a\\28b\\29)');
  expect(printFilter(filter)).toBe('(uid={login})');
});

describe('the presets', () => {
  it.each(Object.entries(LDAP_PRESETS))('have a filter that can be parsed: %s', (_name, preset) => {
    expect(printFilter(parse(preset.users.filter))).toBe(preset.users.filter);
  });
});
