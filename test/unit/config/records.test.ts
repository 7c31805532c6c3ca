import { chmod } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { loadBroker } from '../../../src/config/load.ts';
import { records } from '../../../src/config/records-schema.ts';
import { problemsOf, writtenFiles } from './written-files.ts';

const CONFIG = {
  listen: '127.0.0.1:0',
  publicUrl: 'http://localhost:5001',
  services: { a: { refreshTokens: {} } },
  records: { postgres: { urlFile: 'postgres.url' } },
  policy: 'policy.yaml',
};

function written(config: object = CONFIG) {
  return writtenFiles({
    'broker.yaml': JSON.stringify(config),
    'policy.yaml': '',
    'postgres.url': 'postgres://u:p@h/x',
  });
}

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

  it('has a URL that only the broker may read', async () => {
    await using files = await written();
    const warnings = async (): Promise<readonly string[]> =>
      (await loadBroker(files.path('broker.yaml'))).warnings.filter((text) => text.includes('postgres.url'));
    const before = await warnings();

    await chmod(files.path('postgres.url'), 0o644);
    const after = await warnings();
    await files.write('postgres.url', '');

    expect(before).toEqual([]);
    expect(after).toEqual([
      expect.stringMatching(
        /records\.postgres\.urlFile: .*holds a secret and can be read by other users; run chmod 600 on it/,
      ),
    ]);
    expect(await problemsOf(files, () => loadBroker(files.path('broker.yaml')))).toEqual([
      expect.stringContaining('records.postgres.urlFile: postgres.url is empty, expected a secret'),
    ]);
  });

  it('is reported where it has no effect', async () => {
    await using files = await written({ ...CONFIG, services: { a: {} } });

    const { warnings } = await loadBroker(files.path('broker.yaml'));

    expect(warnings).toContainEqual(
      expect.stringContaining(
        'records: has no effect: no service offers refreshTokens, and there are no personalTokens',
      ),
    );
  });
});
