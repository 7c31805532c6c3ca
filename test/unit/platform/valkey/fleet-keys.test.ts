import { describe, expect, it } from 'vitest';
import { Secret } from '../../../../src/core/identity.ts';
import { keyedFingerprint } from '../../../../src/platform/fingerprint.ts';
import { createFleetKeys } from '../../../../src/platform/valkey/fleet-keys.ts';

const KEY = Buffer.alloc(32, 'one key');
const OTHER = Buffer.alloc(32, 'another');

describe('the fleet key', () => {
  it('gives the same names at all brokers, and other ones under another key', () => {
    const [one, same, other] = [KEY, KEY, OTHER].map((key) =>
      createFleetKeys([key]).fingerprint('login', new Secret('pw')),
    );

    expect(one).toBe(same);
    expect(one).not.toBe(other);
    expect(one).toMatch(/^[\w-]{43}$/);
  });

  it('is not itself the key of names, from which a digest of a password could be made', () => {
    const name = createFleetKeys([KEY]).fingerprint('pw');

    expect(keyedFingerprint(KEY)('pw')).toMatch(/^[\w-]{43}$/);
    expect(name).not.toBe(keyedFingerprint(KEY)('pw'));
  });

  it('opens what it has sealed, for the same entry only', () => {
    const keys = createFleetKeys([KEY]);
    const sealed = keys.seal('entry', { some: 'value' });

    expect(keys.open('entry', sealed)).toEqual({ some: 'value' });
    expect(keys.open('other entry', sealed)).toBeUndefined();
    expect(createFleetKeys([OTHER]).open('entry', sealed)).toBeUndefined();
    expect(Buffer.from(sealed, 'base64').toString('latin1')).not.toContain('value');
  });

  it.each([
    ['a changed byte', (sealed: Buffer) => sealed.fill(sealed.readUInt8(20) ^ 1, 20, 21)],
    ['a shortened tag', (sealed: Buffer) => sealed.subarray(0, -12)],
    ['nothing', () => Buffer.alloc(0)],
  ])('does not open %s', (_what, change) => {
    const keys = createFleetKeys([KEY]);
    const sealed = Buffer.from(keys.seal('entry', 'some value'), 'base64');

    expect(keys.open('entry', change(sealed).toString('base64'))).toBeUndefined();
  });

  it('seals the same value differently each time', () => {
    const keys = createFleetKeys([KEY]);

    expect(keys.seal('entry', 'value')).not.toBe(keys.seal('entry', 'value'));
  });

  it('names an entry under each of two keys, and opens what either has sealed', () => {
    const both = createFleetKeys([OTHER, KEY]);

    expect(both.fingerprint('x')).toBe([OTHER, KEY].map((key) => createFleetKeys([key]).fingerprint('x')).join('+'));
    expect(both.open('entry', createFleetKeys([KEY]).seal('entry', 1))).toBe(1);
    expect(createFleetKeys([OTHER]).open('entry', both.seal('entry', 2))).toBe(2);
  });

  it('may end with a newline, which does not count', () => {
    const withNewline = createFleetKeys([Buffer.concat([Buffer.alloc(44, 'k'), Buffer.from('\n')])]);

    expect(withNewline.fingerprint('x')).toBe(createFleetKeys([Buffer.alloc(44, 'k')]).fingerprint('x'));
  });

  it('that is short is refused', () => {
    expect(() => createFleetKeys([Buffer.alloc(31, 'k')])).toThrow(
      'found a fleet key of 31 bytes, expected at least 32',
    );
  });
});
