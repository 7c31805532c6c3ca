import { expect, it } from 'vitest';
import { Secret } from '../../../src/core/identity.ts';
import { createFingerprint } from '../../../src/platform/fingerprint.ts';

const fingerprint = createFingerprint();

it('gives equal texts one digest, whether or not a text is a secret', () => {
  const digest = fingerprint('login', 'alice', new Secret('correct horse'));

  expect(fingerprint('login', 'alice', 'correct horse')).toBe(digest);
  expect(digest).toMatch(/^[\w-]{43}$/);
});

it.each([
  ['another secret', ['login', 'alice', new Secret('correct horsf')]],
  ['another kind', ['trust', 'alice', new Secret('correct horse')]],
  ['texts that are split elsewhere', ['login', 'alic', new Secret('ecorrect horse')]],
  ['a text that looks like a length and a text', ['login', 'alice13:correct horse']],
  ['one text less', ['login', 'alice']],
  ['an empty text more', ['login', 'alice', new Secret('correct horse'), '']],
] as const)('gives %s another digest', (_what, parts) => {
  expect(fingerprint(...parts)).not.toBe(fingerprint('login', 'alice', new Secret('correct horse')));
});

it('gives the same texts another digest in another process, which has another key', () => {
  expect(createFingerprint()('login', 'alice')).not.toBe(fingerprint('login', 'alice'));
});
