import { describe, expect, it } from 'vitest';
import type { Claims } from '../../../../../src/backends/oidc/claim-path.ts';
import { parsedOrThrow } from '../../../../../src/backends/fields.ts';
import { parseGroupPath } from '../../../../../src/backends/oidc/client/group-path.ts';
import type { GroupPath } from '../../../../../src/backends/oidc/client/group-path.ts';
import { identityFrom } from '../../../../../src/backends/oidc/client/identity.ts';
import type { ClaimRules } from '../../../../../src/backends/oidc/client/identity.ts';

function groupPath(text: string): GroupPath {
  return parsedOrThrow(parseGroupPath(text));
}

const RULES: ClaimRules = {
  backend: 'sso',
  username: { text: 'preferred_username', segments: ['preferred_username'] },
  groups: [groupPath('groups')],
  groupText: undefined,
  groupPrefix: undefined,
  groupLimit: undefined,
  lowercase: false,
  trustEmail: false,
};
const EMAIL = { text: 'email', segments: ['email'] } as const;
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

  it.each([[true], ['true'], ['True'], ['TRUE']])(
    'takes an email address as the user name when email_verified is %j',
    (verified) => {
      const claims = { ...ALICE, email: 'alice@example.com', email_verified: verified };

      expect(identity([claims], { username: EMAIL }).username).toBe('alice@example.com');
      expect(identity([claims]).attributes.get('claim:email')).toEqual(['alice@example.com']);
    },
  );

  it.each([[false], ['false'], ['yes'], [''], [1], ['1'], [null], [undefined], [['true']], [{ email: true }]])(
    'refuses an email address as the user name when email_verified is %j, and says so',
    (verified) => {
      const claims = { ...ALICE, email: 'alice@example.com', email_verified: verified };
      const found = verified === null || verified === undefined ? 'there is no' : JSON.stringify(verified);

      expect(() => identity([claims], { username: EMAIL })).toThrow(found);
      expect(() => identity([claims], { username: EMAIL })).toThrow(/email_verified.*claims\.trustEmail/);
      expect(() => identity([claims], { username: { ...EMAIL, text: '/email' } })).toThrow(/email_verified/);
      expect(identity([claims]).attributes.has('claim:email')).toBe(false);
    },
  );

  it('does not take email_verified from another source than the email address', () => {
    const claims = { ...ALICE, email: 'alice@example.com' };

    expect(() => identity([claims, { email_verified: true }], { username: EMAIL })).toThrow(/email_verified/);
  });

  it('takes an email address of a trusted issuer as verified, unless the issuer says that it is not', () => {
    const claims = { ...ALICE, email: 'alice@example.com' };
    const trusting = { username: EMAIL, trustEmail: true };

    expect(identity([claims], trusting).username).toBe('alice@example.com');
    expect(identity([{ ...claims, email_verified: null }], trusting).username).toBe('alice@example.com');
    expect(() => identity([{ ...claims, email_verified: false }], trusting)).toThrow(/email_verified is false/);
    expect(() => identity([{ ...claims, email_verified: 'false' }], trusting)).toThrow(/email_verified is "false"/);
    expect(identity([{ ...claims, email_verified: false }], { trustEmail: true }).attributes.has('claim:email')).toBe(
      false,
    );
  });

  it('does not trust an email address when another source of the trusted issuer says that it is not verified', () => {
    const claims = { ...ALICE, email: 'alice@example.com' };
    const trusting = { username: EMAIL, trustEmail: true };
    const userinfo = (verified: boolean): Claims => ({ sub: ALICE.sub, email_verified: verified });

    expect(identity([claims, userinfo(true)], trusting).username).toBe('alice@example.com');
    expect(() => identity([claims, userinfo(false)], trusting)).toThrow(/email_verified is false/);
  });

  it.each([[' alice'], ['alice '], ['a\0b'], ['a\u0085b'], ['\uD800'], ['x'.repeat(257)], [true], [['alice']], [{}]])(
    'refuses the user name %j',
    (name) => {
      expect(() => identity([{ ...ALICE, preferred_username: name }])).toThrow(/not a user name/);
    },
  );

  it('never reads groups that the provider keeps elsewhere as none', () => {
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
