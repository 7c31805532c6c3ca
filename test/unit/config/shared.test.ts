import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadBroker } from '../../../src/config/load.ts';
import type { LoadedBroker } from '../../../src/config/load.ts';
import { problemsOf, writtenFiles } from './written-files.ts';
import type { WrittenFiles } from './written-files.ts';

let files: WrittenFiles;
beforeAll(async () => {
  files = await writtenFiles({
    'policy.yaml': 'rules: []\n',
    'users.yaml': 'users: {}\n',
    'fleet.key': 'k'.repeat(44),
    'empty.password': '',
    'store.password': 'one',
  });
});
afterAll(() => files[Symbol.asyncDispose]());

const broker = (shared: string): string => `
listen: 127.0.0.1:0
publicUrl: http://localhost:5001
services: { registry.example.com: {} }
backends: [{ name: local, type: static-file, file: users.yaml }]
shared: ${shared}
policy: policy.yaml
`;

const load = async (shared: string): Promise<LoadedBroker> =>
  loadBroker(await files.write('broker.yaml', broker(shared)));

const URLS = 'urls: ["rediss://valkey.example.com"]';

describe('the section shared', () => {
  it('has an address, keys and paths that are absolute', async () => {
    const { config, warnings } = await load(
      `{ valkey: { urls: ["rediss://valkey.example.com", "rediss://[2001:db8::1]:7000/3"], username: fairlead, passwordFile: store.password }, keyFile: fleet.key }`,
    );

    expect(config.shared).toEqual({
      valkey: {
        urls: [
          { host: 'valkey.example.com', port: 6379, isTls: true, database: 0 },
          { host: '2001:db8::1', port: 7000, isTls: true, database: 3 },
        ],
        username: 'fairlead',
        passwordFile: { path: files.path('store.password') },
      },
      keyFile: { path: files.path('fleet.key') },
      whenDown: 'local',
    });
    expect(warnings.filter((text) => text.includes('shared.valkey.'))).toEqual([]);
  });

  it('finds the primary through Sentinel, on another port', async () => {
    const { config } = await load(
      '{ valkey: { sentinel: { name: main, urls: ["rediss://s1.example.com"] } }, keyFile: fleet.key }',
    );

    expect(config.shared?.valkey.sentinel).toEqual({
      name: 'main',
      urls: [{ host: 's1.example.com', port: 26_379, isTls: true, database: 0 }],
    });
  });

  it.each([
    ['{ valkey: {}, keyFile: fleet.key }', /expected one of urls and sentinel/],
    [
      `{ valkey: { ${URLS}, sentinel: { name: a, urls: ["redis://b"] } }, keyFile: fleet.key }`,
      /one of urls and sentinel/,
    ],
    ['{ valkey: { urls: ["redis://a", "rediss://b"] }, keyFile: fleet.key }', /only rediss:\/\/ or only redis:\/\//],
    [
      '{ valkey: { sentinel: { name: a, urls: ["rediss://a", "redis://b"] } }, keyFile: fleet.key }',
      /only rediss:\/\/ or only redis:\/\//,
    ],
    ['{ valkey: { urls: ["http://valkey"] }, keyFile: fleet.key }', /expected a URL such as rediss:\/\/valkey/],
    ['{ valkey: { urls: ["rediss://a:b@valkey"] }, keyFile: fleet.key }', /username and passwordFile instead/],
    ['{ valkey: { urls: ["rediss://valkey/x"] }, keyFile: fleet.key }', /a database number as the path/],
    [`{ valkey: { ${URLS} } }`, /shared.keyFile: missing/],
    [`{ valkey: { ${URLS} }, keyFile: none.key }`, /none\.key cannot be read/],
    [`{ valkey: { ${URLS}, passwordFile: empty.password }, keyFile: fleet.key }`, /empty\.password is empty/],
    [`{ valkey: { ${URLS}, tls: { certFile: fleet.key } }, keyFile: fleet.key }`, /certFile and keyFile together/],
    [`{ valkey: { ${URLS} }, keyFile: fleet.key, whenDown: open }`, /expected one of local, refuse/],
  ])('refuses %s', async (shared, problem) => {
    const path = await files.write('broker.yaml', broker(shared));

    expect((await problemsOf(files, () => loadBroker(path))).join('\n')).toMatch(problem);
  });

  it('never shows the password of a URL', async () => {
    const path = await files.write(
      'broker.yaml',
      broker('{ valkey: { urls: ["rediss://a:s3cret@b"] }, keyFile: fleet.key }'),
    );

    expect((await problemsOf(files, () => loadBroker(path))).join('\n')).not.toContain('s3cret');
  });

  it.each([
    ['{ valkey: { urls: ["redis://valkey.example.com"] }, keyFile: fleet.key }', /urls: begins with redis/],
    ['{ valkey: { sentinel: { name: a, urls: ["redis://s1"] } }, keyFile: fleet.key }', /sentinel: begins with redis/],
    ['{ valkey: { urls: ["redis://127.0.0.1"], tls: {} }, keyFile: fleet.key }', /tls: has no effect/],
  ])('warns about %s', async (shared, warning) => {
    const { warnings } = await load(shared);

    expect(warnings.join('\n')).toMatch(warning);
  });
});
