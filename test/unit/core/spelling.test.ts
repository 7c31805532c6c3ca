import { describe, expect, it } from 'vitest';
import { accountName, oneSpelling } from '../../../src/core/spelling.ts';

describe('one spelling', () => {
  it.each([
    'alice smith',
    'Alice SMITH',
    ' alice  smith ',
    'alice\u00A0smith\u3000',
    '\uFF41lice smith',
    '\u24D0lice smith',
    '\u{1D41A}lice smith',
    'al\u00ADice\u200B smith\uFE0F',
    'Alice \u017Fmith',
    '\u00E5lic\u00E9 sm\u0131th',
    'a\u030Alice smi\u0167h',
  ])('is the same for %j', (name) => {
    expect(oneSpelling(name)).toBe('alice smith');
  });

  it('gives different texts for names that no source treats as equal', () => {
    const names = ['alice', 'alice1', 'alicia', '\u0430lice', 'a.lice', 'alice@example.org'];

    expect(new Set(names.map(oneSpelling)).size).toBe(names.length);
  });
});

it.each(['alice', 'ALICE', ' alice ', 'alice@corp.example', 'CORP\\alice', 'corp.example\\Alice@REALM'])(
  'the name of an account has no domain and no realm: %j',
  (typed) => {
    expect(accountName(typed)).toBe('alice');
    expect(accountName('@alice')).not.toBe('alice');
  },
);
