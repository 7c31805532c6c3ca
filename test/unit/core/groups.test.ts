import { describe, expect, it } from 'vitest';
import { canonicalParts, parseDn } from '../../../src/core/dn.ts';
import { canonicalDn, groupName, groupNameOfDn } from '../../../src/core/groups.ts';

describe('canonicalDn', () => {
  it.each([
    ['case', 'CN=Team-Web,OU=Groups,DC=Corp', 'cn=team-web,ou=groups,dc=corp'],
    ['spaces around separators', 'cn=a , ou = b ;dc=c', 'cn=a,ou=b,dc=c'],
    ['spaces within a value', 'cn=a   b,dc=c', 'cn=a b,dc=c'],
    ['the order of a multi-valued part', 'uid=1+cn=a,dc=c', 'cn=a+uid=1,dc=c'],
    ['quotes and escapes', 'cn="Doe, John",dc=c', 'cn=Doe\\2C John,dc=c'],
    ['two styles of escapes', 'cn=a\\+b,dc=c', 'cn=a\\2bb,dc=c'],
    ['UTF-8 bytes and the character', 'cn=jos\\C3\\A9,dc=c', 'cn=josé,dc=c'],
    ['composed and decomposed characters', 'cn=jose\u0301,dc=c', 'cn=josé,dc=c'],
    ['OIDs and names of types', '2.5.4.3=a,0.9.2342.19200300.100.1.25=c', 'cn=a,dc=c'],
    ['long and short names of types', 'commonName=a,domainComponent=c', 'cn=a,dc=c'],
    ['the case of words', 'CN=Domain Admins,DC=Corp-1.Example', 'cn=domain admins,dc=corp-1.example'],
    ['a word and its quoted form', 'CN="Admins",DC=C', 'cn=admins,dc=c'],
    ['a word and its escaped form', 'cn=\\41dmins,dc=c', 'cn=admins,dc=c'],
  ])('makes %s equal', (_what, one, other) => {
    expect(canonicalDn(one)).toBe(canonicalDn(other));
    expect(canonicalDn(one)).toBeDefined();
  });

  it.each([
    ['a comma in a value and a separator', 'cn=a\\,dc=b,dc=c', 'cn=a,dc=b,dc=c'],
    ['the Kelvin sign and k', 'cn=\u212A,dc=c', 'cn=k,dc=c'],
    ['encoded bytes and their digits', 'cn=#0401,dc=c', 'cn=\\#0401,dc=c'],
    ['a no-break space and none', 'cn=a\u00A0,dc=c', 'cn=a,dc=c'],
    ['an inherited property and a type', 'constructor=a,dc=c', 'cn=a,dc=c'],
  ])('distinguishes %s', (_what, one, other) => {
    expect(canonicalDn(one)).not.toBe(canonicalDn(other));
    expect(canonicalDn(one)).toBeDefined();
  });

  it.each(['team-web', 'cn=a', 'cn=a,', 'cn=a,b', 'cn=a,dc=c\\', 'cn="a,dc=c', '', `cn=${'a'.repeat(2048)},dc=c`])(
    'does not take %j for a DN',
    (text) => {
      expect(canonicalDn(text)).toBeUndefined();
    },
  );
});

describe('parseDn', () => {
  it('returns values without escapes, from the entry to the root', () => {
    const parts = parseDn('CN=Doe\\, John \\28ext\\29+uid=7,dc=Corp');

    expect(parts).toEqual([
      [
        { type: 'cn', value: 'Doe, John (ext)', encoded: false },
        { type: 'uid', value: '7', encoded: false },
      ],
      [{ type: 'dc', value: 'Corp', encoded: false }],
    ]);
  });

  it('reads a DN of one part', () => {
    expect(canonicalParts('DC=Corp')).toEqual(['dc=corp']);
  });
});

describe('groupNameOfDn', () => {
  it.each(['CN=Web, DC=C', 'DC=Corp', 'no DN'])('gives the name that groupName gives: %s', (dn) => {
    expect(groupNameOfDn(dn, canonicalParts(dn))).toBe(groupName(dn, { lowercase: true }));
  });
});

describe('groupName', () => {
  it('compares distinguished names in canonical form, whatever the source', () => {
    expect(groupName('CN=A, DC=C', { lowercase: false })).toBe('cn=a,dc=c');
  });

  it.each([
    [true, 'team-web'],
    [false, 'Team-Web'],
  ])('lower-cases a plain name only where asked (%s)', (lowercase, name) => {
    expect(groupName('Team-Web', { lowercase })).toBe(name);
  });
});
