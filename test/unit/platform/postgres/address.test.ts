import { describe, expect, it } from 'vitest';
import { Secret } from '../../../../src/core/identity.ts';
import { isOnThisMachine, parsePostgresUrl, shownAddress } from '../../../../src/platform/postgres/address.ts';

const parse = (text: string) => {
  const { password, ...address } = parsePostgresUrl(new Secret(text));
  return { ...address, password: password?.reveal() };
};

describe('the URL of the database', () => {
  it.each([
    [
      'postgres://u:p@db.example.com/x',
      { host: 'db.example.com', port: 5432, user: 'u', password: 'p', database: 'x' },
    ],
    ['postgresql://u:p%40%2F%3A@[2001:db8::1]:6432/x', { host: '2001:db8::1', port: 6432, password: 'p@/:' }],
    ['postgres://u@localhost/x?host=/run/postgresql', { host: '/run/postgresql', password: undefined }],
    ['postgres://u:p@h/x?sslmode=require', { host: 'h' }],
    ['postgres://u:p@h/x?sslmode=verify-full', { host: 'h' }],
  ])('has host, port, user, password and database: %s', (text, expected) => {
    expect(parse(text)).toMatchObject(expected);
  });

  it.each([
    'mysql://u:secret@h/x',
    'postgres://u:secret@/x',
    'postgres://:secret@h/x',
    'postgres://u:secret@h/',
    'postgres://u:secret@h:port/x',
    'postgres://u:secret@h/x#y',
    'postgres://u:secret%@h/x',
    'postgres://u:secret@h/x?sslmode=disable',
    'postgres://u:secret@h/x?sslmode=prefer',
    'postgres://u:secret@h/x?options=-csearch_path%3Devil',
    'postgres://u:secret@h/x?host=other.example.com',
    'host=h password=secret',
    '',
  ])('is refused without being shown: %s', (text) => {
    const refused = (): unknown => parse(text);

    expect(refused).toThrow(/expected postgres:|sslmode in the URL/);
    expect(refused).not.toThrow(/secret/);
  });

  it.each([
    ['postgres://u:p@127.0.0.1/x', true],
    ['postgres://u:p@[::1]/x', true],
    ['postgres://u:p@localhost/x', true],
    ['postgres://u:p@h/x?host=/run', true],
    ['postgres://u:p@127.0.0.1.example.com/x', false],
    ['postgres://u:p@localhost.example.com/x', false],
    ['postgres://u:p@10.0.0.1/x', false],
  ])('says whether the connection stays on this machine: %s, %s', (text, expected) => {
    expect(isOnThisMachine(parsePostgresUrl(new Secret(text)))).toBe(expected);
  });

  it('is shown without user and password', () => {
    const shown = (text: string): string => shownAddress(parsePostgresUrl(new Secret(text)));

    expect(shown('postgres://u:p@[::1]:6432/x')).toBe('[::1]:6432/x');
    expect(shown('postgres://u:p@h/x?host=/run/pg')).toBe('/run/pg/x');
  });
});
