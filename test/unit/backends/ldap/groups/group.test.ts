import { expect, it } from 'vitest';
import { groupBase, groupNames, groupOfDn } from '../../../../../src/backends/ldap/groups/group.ts';

const baseWith = (scope: 'sub' | 'one') => groupBase({ base: 'OU=groups, DC=corp', scope });
const namesOf = (dn: string, named = ['cn'], scope: 'sub' | 'one' = 'sub') => [
  ...groupNames([groupOfDn(dn, named, baseWith(scope))]),
];

it('names a group by its DN and its cn, in lower case', () => {
  expect(namesOf('CN=Team-Web,OU=Groups,DC=corp')).toEqual(['cn=team-web,ou=groups,dc=corp', 'team-web']);
});

it('names a group by its DN alone when names come from another attribute', () => {
  expect(namesOf('cn=web,ou=groups,dc=corp', [])).toEqual(['cn=web,ou=groups,dc=corp']);
});

it('names a group by another attribute of its DN where the preset or groups.name says so', () => {
  expect(namesOf('ou=Team-Web,ou=groups,dc=corp', ['ou', 'cn'])).toEqual(['ou=team-web,ou=groups,dc=corp', 'team-web']);
  expect(namesOf('uid=team-web,ou=groups,dc=corp', ['cn'])).toEqual(['uid=team-web,ou=groups,dc=corp']);
});

it.each(['cn=admins,ou=elsewhere,dc=corp', 'cn=admins,dc=corp', 'ou=groups,dc=corp', 'cn=admins,ou=groups,dc=evil'])(
  'gives no name to a group outside the base: %s',
  (dn) => {
    expect(namesOf(dn)).toEqual([]);
  },
);

it('gives no name to a group that is not a direct child of the base with scope one', () => {
  expect(namesOf('cn=web,ou=groups,dc=corp', ['cn'], 'one')).toHaveLength(2);
  expect(namesOf('cn=web,ou=inner,ou=groups,dc=corp', ['cn'], 'one')).toEqual([]);
});

it('never gives a group a plain name that is the DN of another group', () => {
  const group = groupOfDn('cn=odd,ou=groups,dc=corp', [], baseWith('sub'));
  const names = ['odd', 'cn=admins,ou=groups,dc=corp'];

  expect([...groupNames([{ ...group, names }])]).toEqual(['cn=odd,ou=groups,dc=corp', 'odd']);
});

it('fails for a DN that cannot be read', () => {
  expect(() => groupOfDn('no dn', ['cn'], baseWith('sub'))).toThrow('cannot be read');
});
