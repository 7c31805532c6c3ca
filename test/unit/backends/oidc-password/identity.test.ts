import { describe, expect, it } from 'vitest';
import type { Claims } from '../../../../src/backends/oidc/claim-path.ts';
import { identityFrom } from '../../../../src/backends/oidc-password/identity.ts';
import type { ClaimRules } from '../../../../src/backends/oidc-password/identity.ts';

const RULES: ClaimRules = {
  backend: 'sso',
  username: { text: 'preferred_username', segments: ['preferred_username'] },
  groups: [{ text: 'groups', segments: ['groups'] }],
  groupPrefix: undefined,
  groupLimit: undefined,
  lowercase: false,
};
const ALICE = { sub: 'id-of-alice', preferred_username: 'Alice', groups: ['Team-Web'] };

function identity(sources: readonly Claims[], rules: Partial<ClaimRules> = {}) {
  return identityFrom(sources, { ...RULES, ...rules });
}

describe('an identity from claims', () => {
  it('has the names as they are, or in lower case where the configuration says so', () => {
    const exact = identity([ALICE]);
    const folded = identity([ALICE], { lowercase: true });

    expect(exact).toMatchObject({ username: 'Alice', groups: new Set(['Team-Web']), caseless: false });
    expect(folded).toMatchObject({ username: 'alice', groups: new Set(['team-web']), caseless: true });
  });

  it('takes each claim from the first source that has it', () => {
    const { groups, attributes } = identity([
      { sub: 'a', preferred_username: 'alice', tenant: 'north' },
      { sub: 'a', preferred_username: 'mallory', groups: ['team-web'], tenant: 'south', city: 'Bern' },
    ]);

    expect(groups).toEqual(new Set(['team-web']));
    expect(attributes.get('claim:tenant')).toEqual(['north']);
    expect(attributes.get('claim:city')).toEqual(['Bern']);
    expect(attributes.get('claim:preferred_username')).toEqual(['alice']);
  });

  it('removes a prefix from the groups that have it, and groups that are nothing but the prefix', () => {
    const { groups } = identity([{ ...ALICE, groups: ['/web', '/a/b', 'plain', '/'] }], { groupPrefix: '/' });

    expect(groups).toEqual(new Set(['web', 'a/b', 'plain']));
  });

  it('compares groups that are DNs as DNs', () => {
    const { groups } = identity([{ ...ALICE, groups: ['CN=Auditors, DC=Corp,DC=Example'] }]);

    expect(groups).toEqual(new Set(['cn=auditors,dc=corp,dc=example']));
  });

  it('takes an address as the name only when the provider has verified it', () => {
    const email = { text: 'email', segments: ['email'] } as const;
    const claims = { ...ALICE, email: 'alice@example.com' };

    expect(identity([{ ...claims, email_verified: true }], { username: email }).username).toBe('alice@example.com');
    expect(() => identity([claims], { username: email })).toThrow(/email_verified/);
    expect(() => identity([claims], { username: { ...email, text: '/email' } })).toThrow(/email_verified/);
    expect(() => identity([{ ...claims, email_verified: 'true' }], { username: email })).toThrow(/email_verified/);
    expect(() => identity([claims, { email_verified: true }], { username: email })).toThrow(/email_verified/);
  });

  it.each([[' alice'], ['alice '], ['a\0b'], ['a\u0085b'], ['\uD800'], ['x'.repeat(257)], [true], [['alice']], [{}]])(
    'refuses the user name %j',
    (name) => {
      expect(() => identity([{ ...ALICE, preferred_username: name }])).toThrow(/not a user name/);
    },
  );

  it('never reads groups kept elsewhere as none', () => {
    const marked = { ...ALICE, groups: undefined, _claim_names: { groups: 'src1' } };
    const other = { ...ALICE, groups: undefined, _claim_names: { address: 'src1' } };

    expect(() => identity([marked])).toThrow(/elsewhere/);
    expect(identity([other]).groups).toEqual(new Set());
    expect(identity([marked, { groups: ['team-web'] }]).groups).toEqual(new Set(['team-web']));
  });
});

describe('attributes from claims', () => {
  it('are texts and lists of texts, with numbers and truth values written out', () => {
    const { attributes } = identity([
      { ...ALICE, level: 3, admin: false, tags: ['a', 1], nested: { x: 1 }, none: null },
    ]);

    expect(Object.fromEntries(attributes)).toEqual({
      'claim:sub': ['id-of-alice'],
      'claim:preferred_username': ['Alice'],
      'claim:groups': ['Team-Web'],
      'claim:level': ['3'],
      'claim:admin': ['false'],
      'claim:tags': ['a', '1'],
    });
  });

  it('leave out what is about the token, what policy cannot name and what is too long', () => {
    const { attributes } = identity([
      { ...ALICE, exp: 1, jti: 'x', 'a b': 'x', long: 'x'.repeat(257), many: Array.from({ length: 65 }, () => 'x') },
    ]);

    expect([...attributes.keys()]).toEqual(['claim:sub', 'claim:preferred_username', 'claim:groups']);
  });

  it('hold an address only when the provider has verified it', () => {
    const email = 'alice@example.com';

    expect(identity([{ ...ALICE, email, email_verified: true }]).attributes.get('claim:email')).toEqual([email]);
    expect(identity([{ ...ALICE, email }]).attributes.has('claim:email')).toBe(false);
  });

  it('are 64 at most', () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`c${index}`, 'x']));

    expect(identity([{ ...ALICE, ...many }]).attributes.size).toBe(64);
  });
});
