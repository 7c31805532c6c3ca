import { describe, expect, it } from 'vitest';
import {
  failureText,
  isOutage,
  LateError,
  migrationFailureText,
  unavailable,
} from '../../../../src/platform/postgres/failures.ts';

const answer = (code: string, detail?: string): Error =>
  Object.assign(new Error('what the server says'), { code, detail });

describe('a failure of PostgreSQL', () => {
  it.each([
    ['no answer in time', new LateError('no answer within 500 ms')],
    ['no connection', Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })],
    ['a server that is starting', answer('57P03')],
    ['a server that is shutting down', answer('57P01')],
    ['no connection left', answer('53300')],
    ['a standby', answer('25006')],
    ['a wrong password', answer('28P01')],
  ])('is an outage: %s', (_what, error) => {
    expect(isOutage(error)).toBe(true);
  });

  it.each([
    ['a full disk, which can be read', '53100'],
    ['a deadlock', '40P01'],
    ['a statement that took too long', '57014'],
    ['a missing privilege', '42501'],
  ])('is none: %s', (_what, code) => {
    expect(isOutage(answer(code))).toBe(false);
  });

  it('says what to do, and shows no stored value', () => {
    const text = failureText(answer('53100', 'Key (key)=(value of a user) …'));

    expect(text).toBe('the disk of the server is full (what the server says)');
  });

  it.each([
    ['The server does not support SSL connections', /^the server offers no TLS: set ssl = on there \(/],
    ['connect ECONNREFUSED 127.0.0.1:5432', /^nothing listens there: start PostgreSQL/],
    ['getaddrinfo ENOTFOUND db.example.test', /^the name in urlFile has no address/],
  ])('says what to do when the client says %s', (words, advice) => {
    expect(failureText(new Error(words))).toMatch(advice);
  });

  it('names the owner of the tables where the role of the brokers cannot migrate them', () => {
    expect(migrationFailureText(answer('42501'))).toMatch(/^this role may not create the tables: .* --url-file/);
    expect(migrationFailureText(answer('53100'))).toBe(failureText(answer('53100')));
  });

  it('is long only as far as it helps', () => {
    expect(failureText(new Error('x'.repeat(10_000))).length).toBeLessThanOrEqual(300);
  });

  it('has a code of its own, so that no client takes it for the end of its login', () => {
    expect(unavailable('h:1/x', answer('57P03'))).toMatchObject({
      code: 'records_unavailable',
      message: expect.stringContaining('h:1/x: the server is starting or recovering'),
    });
  });
});
