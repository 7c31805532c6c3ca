import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDnTemplate } from '../../../../../src/backends/ldap/config/dn-template.ts';
import type { DnTemplate } from '../../../../../src/backends/ldap/config/dn-template.ts';
import { parseDn } from '../../../../../src/core/dn.ts';

function template(text: string): DnTemplate {
  const parsed = parseDnTemplate(text);
  if (typeof parsed === 'string') throw new Error(parsed);
  return parsed;
}

describe('parseDnTemplate', () => {
  it.each([
    ['uid=alice,dc=org', 'expected {login}'],
    ['{login}', 'expected a DN'],
    ['{login}=alice,dc=org', 'expected a DN'],
    ['uid={login},ou', 'expected a DN'],
    ['uid={login}{user},dc=org', 'the only thing in braces'],
    ['uid="{login}",dc=org', 'without quotes'],
    ['uid=#{login},dc=org', 'without quotes and #'],
    ['uid=\\{login},dc=org', 'no backslash'],
  ])('rejects the template %j', (text, problem) => {
    expect(parseDnTemplate(text)).toContain(problem);
  });

  it.each(['alice', 'alice,ou=admins', 'a+cn=b', ' alice ', '#05', '"', '\\', 'a=b', '<>;', 'josé', 'al\0ice'])(
    'keeps the login %j within one value of the DN',
    (login) => {
      const dn = template('uid={login},ou=people,dc=org').fill(login);

      expect(parseDn(dn)).toEqual([
        [{ type: 'uid', value: login, encoded: false }],
        [{ type: 'ou', value: 'people', encoded: false }],
        [{ type: 'dc', value: 'org', encoded: false }],
      ]);
    },
  );

  it('keeps every login within one value of the DN', () => {
    const filled = template('cn=x-{login},dc=org');

    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (login) => {
        expect(parseDn(filled.fill(login))?.[0]).toEqual([{ type: 'cn', value: `x-${login}`, encoded: false }]);
      }),
    );
  });
});
