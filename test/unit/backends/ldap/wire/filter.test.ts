import { describe, expect, it } from 'vitest';
import { and, encodeFilter, equal, placeholdersOf } from '../../../../../src/backends/ldap/wire/filter.ts';
import type { FilterNode } from '../../../../../src/backends/ldap/wire/filter.ts';

const withPlaceholder = (attribute: string, placeholder: string): FilterNode => ({
  kind: 'equal',
  attribute,
  value: [{ placeholder }],
});

describe('a filter with a placeholder', () => {
  const filter = and([equal('objectClass', 'person'), withPlaceholder('uid', 'login')]);

  it('lists the placeholders of a filter', () => {
    expect([...placeholdersOf(filter)]).toEqual(['login']);
  });

  it.each(['*', ')(uid=*', 'a*', 'alice)(|(uid=*', '\\2a', '\0', 'é'])('encodes the login %j as one value', (login) => {
    const encoded = encodeFilter(filter, { login });

    const value = Buffer.from(login, 'utf8');
    const assertion = Buffer.concat([Buffer.from('0403756964', 'hex'), Buffer.of(4, value.length), value]);
    expect(encoded.subarray(-assertion.length).equals(assertion)).toBe(true);
    expect(encoded.length).toBe(encodeFilter(filter, { login: '' }).length + value.length);
  });

  it('refuses to encode a filter without a text for a placeholder', () => {
    expect(() => encodeFilter(filter)).toThrow('no value for {login}');
    expect(() => encodeFilter(withPlaceholder('a', 'toString'))).toThrow('no value');
  });
});
