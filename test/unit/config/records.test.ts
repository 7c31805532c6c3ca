import { describe, expect, it } from 'vitest';
import { records } from '../../../src/config/records-schema.ts';

const parse = (postgres: object) => records.safeParse({ postgres });

describe('the section records', () => {
  it('needs the file with the URL alone, and has safe defaults', () => {
    expect(parse({ urlFile: 'postgres.url' }).data).toMatchObject({
      postgres: { tls: { mode: 'verify' }, maxConnections: 10, timeout: 0.5, synchronousCommit: 'on' },
    });
  });

  it.each([
    ['no URL', {}],
    ['the URL itself', { url: 'postgres://u:p@h/x' }],
    ['weaker commits', { urlFile: 'u', synchronousCommit: 'off' }],
    ['no time limit', { urlFile: 'u', timeout: '0s' }],
    ['a time limit beyond the time of a request', { urlFile: 'u', timeout: '6s' }],
    ['no connection', { urlFile: 'u', maxConnections: 0 }],
    ['a certificate without its key', { urlFile: 'u', tls: { certFile: 'c' } }],
    ['a key without its certificate', { urlFile: 'u', tls: { keyFile: 'k' } }],
    ['certificates without TLS', { urlFile: 'u', tls: { mode: 'none', caFile: 'c' } }],
    ['TLS without verification', { urlFile: 'u', tls: { mode: 'require' } }],
  ])('is refused with %s', (_what, postgres) => {
    expect(parse(postgres).success).toBe(false);
  });
});
