import { BerWriter } from 'ldapts';
import { expect, it } from 'vitest';
import { integer } from '../../../../../src/backends/ldap/wire/ber.ts';
import { PolicyControl } from '../../../../../src/backends/ldap/wire/control.ts';
import { createControlSupport } from '../../../../../src/backends/ldap/wire/control-support.ts';
import { entryOf } from '../../../../support/ldap-entry.ts';

it('sends a control without its default criticality (RFC 4511, section 5.1)', () => {
  const writer = new BerWriter();
  new PolicyControl().write(writer);

  expect(writer.buffer.toString('latin1')).toContain('1.3.6.1.4.1.42.2.27.8.5.1');
  expect(writer.buffer.length).toBe(writer.buffer[1] === undefined ? 0 : writer.buffer[1] + 2);
  expect(writer.buffer.includes(Buffer.of(0x01, 0x01, 0x00))).toBe(false);
});

it.each([
  [0, '020100'],
  [127, '02017f'],
  [128, '02020080'],
  [500, '020201f4'],
  [65_536, '0203010000'],
])('encodes the integer %d in the shortest form', (value, hex) => {
  expect(integer(value).toString('hex')).toBe(hex);
});

it('knows the controls that the server lists, and reads the list again after ten minutes', async () => {
  let now = 0;
  let reads = 0;
  const support = createControlSupport(() => now);
  const read = async (...oids: readonly string[]) => {
    reads += 1;
    return entryOf({ dn: '', supportedControl: [...oids] });
  };

  expect(support.has('1.2')).toBeUndefined();
  await support.learn(() => read('1.2'));
  await support.learn(() => read('9.9'));
  expect([support.has('1.2'), support.has('9.9'), reads]).toEqual([true, false, 1]);
  now = 600_000;
  await support.learn(async () => undefined);
  expect(support.has('1.2')).toBeUndefined();
});
