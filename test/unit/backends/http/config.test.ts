import { describe, expect, it } from 'vitest';
import { httpConfig } from '../../../../src/backends/http/config.ts';
import { http } from '../../../../src/backends/http/index.ts';

const LEAST = { name: 'accounts', type: 'http', url: 'https://accounts.example.com/login' };

function problems(keys: Readonly<Record<string, unknown>>): readonly string[] {
  const { error } = httpConfig.safeParse({ ...LEAST, ...keys });
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('the configuration of an http backend', () => {
  it('needs a url only', () => {
    expect(httpConfig.parse(LEAST)).toMatchObject({ lowercase: false, notFound: 'unknown-user', timeout: 4.5 });
  });

  it.each([
    { url: 'http://127.0.0.1:8080/login' },
    { url: 'http://[::1]:8080/login', lookupUrl: 'http://localhost:8080/user' },
    { certFile: 'c.pem', keyFile: 'k.pem', caFile: 'ca.pem', proxy: 'http://proxy.example.com:3128' },
    { bearer: { env: 'TOKEN' }, lowercase: true, notFound: 'unavailable', timeout: '7s' },
  ])('accepts %j', (keys) => {
    expect(problems(keys)).toEqual([]);
  });

  it.each([
    [{ url: 'http://accounts.example.com/login' }, /^url: expected an https URL/],
    [{ url: 'http://127.0.0.1.example.com/login' }, /^url: expected an https URL/],
    [{ url: 'ftp://accounts.example.com/login' }, /^url: expected an https URL/],
    [{ url: 'https://user:secret@accounts.example.com/' }, /^url: expected a URL without user name and password/],
    [{ url: 'accounts' }, /^url: expected a URL/],
    [{ lookupUrl: 'http://accounts.example.com/user' }, /^lookupUrl: expected an https URL/],
    [{ certFile: 'c.pem' }, /^certFile: expected keyFile/],
    [{ keyFile: 'k.pem' }, /^keyFile: expected certFile/],
    [{ url: 'http://127.0.0.1/login', caFile: 'ca.pem' }, /^caFile: expected only with https URLs/],
    [{ url: 'http://127.0.0.1/login', proxy: 'http://proxy.example.com' }, /^proxy: expected only with https URLs/],
    [{ lookupUrl: 'http://127.0.0.1/user', caFile: 'ca.pem' }, /^caFile: expected only with https URLs/],
    [{ bearer: 'token' }, /^bearer/],
    [{ timeout: '10s' }, /^timeout/],
    [{ notFound: 'rejected' }, /^notFound/],
  ])('refuses %j', (keys, problem) => {
    expect(problems(keys)).toEqual([expect.stringMatching(problem)]);
  });

  it.each([
    [{}, { names: 'exact', detectsUnknownUsers: true, canRevalidate: false }],
    [{ lowercase: true }, { names: 'caseless' }],
    [{ notFound: 'unavailable' }, { detectsUnknownUsers: false }],
    [{ lookupUrl: 'https://accounts.example.com/user' }, { canRevalidate: true }],
  ])('with %j has the traits %j', (keys, traits) => {
    expect(http.traits(httpConfig.parse({ ...LEAST, ...keys }))).toMatchObject({ accepts: 'passwords', ...traits });
  });
});
