import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeIdentity, parseIdentity } from '../../../src/core/identity-record.ts';
import { username } from '../../../src/core/identity.ts';
import type { GroupName, Identity } from '../../../src/core/identity.ts';

const texts = fc.array(fc.string({ unit: 'binary' }), { maxLength: 5 });
const identities: fc.Arbitrary<Identity> = fc
  .record(
    {
      username: fc.string({ unit: 'binary' }).map(username),
      groups: texts.map((names) => new Set(names as GroupName[])),
      backend: fc.string(),
      caseless: fc.boolean(),
      attributes: fc.array(fc.tuple(fc.string(), texts), { maxLength: 3 }).map((entries) => new Map(entries)),
      notAfter: fc.nat(),
      subject: fc.string(),
    },
    { requiredKeys: ['username', 'groups', 'backend', 'caseless', 'attributes'] },
  )
  .map((identity) => ({ ...identity }));

const RECORD = {
  username: 'alice',
  groups: ['team'],
  backend: 'corp',
  caseless: true,
  attributes: [['attr:a', ['b']]],
};

describe('the record of an identity', () => {
  it('is JSON from which the same identity is read', () => {
    fc.assert(
      fc.property(identities, (identity) => {
        expect(parseIdentity(JSON.parse(JSON.stringify(encodeIdentity(identity))))).toEqual(identity);
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a list', []],
    ['a text', 'alice'],
    ['a user name that is a number', { ...RECORD, username: 1 }],
    ['no backend', { ...RECORD, backend: undefined }],
    ['a text for caseless', { ...RECORD, caseless: 'true' }],
    ['a group that is a number', { ...RECORD, groups: ['team', 1] }],
    ['the empty object that JSON makes of a set', { ...RECORD, groups: {} }],
    ['the empty object that JSON makes of a map', { ...RECORD, attributes: {} }],
    ['an attribute with a text for its values', { ...RECORD, attributes: [['attr:a', 'b']] }],
    ['a text for the end', { ...RECORD, notAfter: 'soon' }],
    ['a number for the subject', { ...RECORD, subject: 1 }],
  ])('is not valid when it is or has %s', (_what, value) => {
    expect(parseIdentity(RECORD)).toBeDefined();
    expect(parseIdentity(value)).toBeUndefined();
  });
});
