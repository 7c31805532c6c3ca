import { expect, it } from 'vitest';
import { TAG, element, text } from '../../../../../src/backends/ldap/wire/ber.ts';
import { MAX_VALUES, decodeEntry, decodePolicy } from '../../../../../src/backends/ldap/wire/codec.ts';
import { PASSWORD_POLICY } from '../../../../../src/backends/ldap/wire/control.ts';
import { readEnvelope } from '../../../../../src/backends/ldap/wire/message.ts';
import { cookieIn } from '../../../../../src/backends/ldap/wire/page-control.ts';

const ID = element(TAG.integer, Buffer.of(1));
const attribute = (name: string, ...values: readonly Buffer[]): Buffer =>
  element(TAG.sequence, text(name), element(TAG.set, ...values));
const entryWith = (...attributes: readonly Buffer[]): Buffer =>
  element(TAG.sequence, ID, element(0x64, text('cn=alice'), element(TAG.sequence, ...attributes)));

/** The answer to a bind, with a control. */
function bindAnswer(...control: readonly Buffer[]): Buffer {
  const result = element(0x61, Buffer.from('0a010004000400', 'hex'));
  return element(TAG.sequence, ID, result, element(0xa0, element(TAG.sequence, ...control)));
}
const policyAnswer = (hex: string): Buffer =>
  bindAnswer(text(PASSWORD_POLICY), element(TAG.octetString, Buffer.from(hex, 'hex')));
const policyIn = (message: Buffer) => decodePolicy(message, readEnvelope(message).end);

it('reads names without regard to case, texts that are UTF-8, and all values as bytes', () => {
  const entry = decodeEntry(entryWith(attribute('memberOf', text('a'), Buffer.of(4, 1, 0xff)), attribute('mail')));

  expect(entry.dn).toBe('cn=alice');
  expect(entry.names).toEqual(['memberof']);
  expect(entry.texts('MEMBEROF')).toEqual(['a']);
  expect(entry.bytes('memberOf')).toEqual([Buffer.from('a'), Buffer.of(0xff)]);
  expect(entry.texts('mail')).toEqual([]);
});

it('keeps all values of a name that a server sends twice, and takes no attribute for the DN', () => {
  const entry = decodeEntry(
    entryWith(
      attribute('memberOf', text('a')),
      attribute('memberof', text('b')),
      attribute('dn', text('cn=root')),
      attribute('__proto__', text('c')),
    ),
  );

  expect(entry.texts('memberOf')).toEqual(['a', 'b']);
  expect(entry.dn).toBe('cn=alice');
  expect(entry.texts('__proto__')).toEqual(['c']);
});

it.each([
  ['nothing', '3000', {}],
  ['five grace logins', '3005a003810105', { graceLeft: 5 }],
  ['a time until the end', '3005a003800164', {}],
  ['an error', '3003810102', { error: 2 }],
  ['a grace login and an error', '3008a003810101810100', { graceLeft: 1, error: 0 }],
])('reads a password policy that says %s', (_what, hex, policy) => {
  expect(policyIn(policyAnswer(hex))).toEqual({ policy });
});

it('reads no password policy from another control, and from one without a value', () => {
  expect(policyIn(bindAnswer(text('1.2.3'), text('x')))).toEqual({});
  expect(policyIn(bindAnswer(text(PASSWORD_POLICY)))).toEqual({});
});

it.each([
  ['an attribute that is longer than the entry', '301002010164 0b 0400 3007 3084 ffffffff 00'],
  ['a set of values that is longer than its attribute', '3012 020101 64 0d 0400 3009 3007 040161 3170 0400'],
  ['a name that is a number', '300a 020101 64 05 020101 3000'],
])('refuses %s', (_what, hex) => {
  expect(() => decodeEntry(Buffer.from(hex.replaceAll(' ', ''), 'hex'))).toThrow(RangeError);
});

it('refuses a value that reaches into the next attribute', () => {
  const longer = Buffer.of(TAG.octetString, 5, 0x61);

  expect(() => decodeEntry(entryWith(attribute('cn', longer), attribute('mail', text('b'))))).toThrow(RangeError);
});

it('refuses controls that are longer than the message', () => {
  const message = Buffer.from('303602010161070a010004000400a07f30260419312e332e362e31', 'hex');

  expect(() => decodePolicy(message, 14)).toThrow(RangeError);
});

it('refuses an entry with millions of values', () => {
  const values = Buffer.alloc(2 * (MAX_VALUES + 1), Buffer.of(TAG.octetString, 0));

  expect(() => decodeEntry(entryWith(attribute('cn', values)))).toThrow('more than 250000 values');
});

it('ends with each answer that differs in a few bytes from a good one: it is read, or refused as not LDAP', () => {
  const good = [
    entryWith(attribute('cn', text('a')), attribute('memberOf', text('b'), text('c'))),
    policyAnswer('3005a003810105'),
  ];
  const bytes = [0, 1, 0x04, 0x30, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xff];
  const errors = new Set<unknown>();
  for (const message of good) {
    for (let first = 0; first < message.length; first += 1) {
      for (let second = first; second < Math.min(message.length, first + 12); second += 1) {
        for (const byte of bytes) {
          const changed = Buffer.from(message);
          changed[first] = byte;
          changed[second] = 0x7f;
          try {
            const { operation, end } = readEnvelope(changed);
            if (operation === 0x64) decodeEntry(changed);
            decodePolicy(changed, end);
            cookieIn(changed, end);
          } catch (error) {
            errors.add(error instanceof Error ? error.name : error);
          }
        }
      }
    }
  }

  expect([...errors]).toEqual(['RangeError']);
});
