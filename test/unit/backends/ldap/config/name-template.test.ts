import { expect, it } from 'vitest';
import { isBindName, parseBindTemplate } from '../../../../../src/backends/ldap/config/name-template.ts';

it.each([
  ['{login}@corp.example', 'alice', 'alice@corp.example'],
  ['{login}@corp.example', 'Alice@CORP.example', 'Alice@corp.example'],
  ['CORP\\{login}', 'alice', 'CORP\\alice'],
  ['CORP\\{login}', 'corp\\alice', 'CORP\\alice'],
  ['{login}@corp.example', '$&', '$&@corp.example'],
])('fills the template %s with the login %s', (text, login, name) => {
  const template = parseBindTemplate(text);

  expect(typeof template === 'string' ? template : template.fill(login)).toBe(name);
});

it.each(['alice@other.example', 'OTHER\\alice', '', 'a/b', 'a,b', 'a*b'])(
  'never fills a template with the login %j, which no account has',
  (login) => {
    const template = parseBindTemplate('{login}@corp.example');

    expect(typeof template === 'string' ? template : template.fill(login)).toBeUndefined();
  },
);

it.each(['{login}', '{login}@', '@corp.example', 'CORP\\', '{login}@a@b', 'x{login}@corp.example'])(
  'refuses the template %j',
  (text) => {
    expect(parseBindTemplate(text)).toContain('expected');
  },
);

it.each([
  ['svc@corp.example', true],
  ['CORP\\svc', true],
  ['admin', false],
  ['a@b@c', false],
  ['CORP\\a\\b', false],
])('says whether %s can bind without a DN: %s', (text, expected) => {
  expect(isBindName(text)).toBe(expected);
});
