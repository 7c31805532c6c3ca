import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadBroker } from '../../../src/config/load.ts';
import { problemsOf, writtenFiles } from './written-files.ts';
import type { WrittenFiles } from './written-files.ts';

let files: WrittenFiles;
beforeAll(async () => {
  files = await writtenFiles({ 'policy.yaml': 'rules: []\n', 'users.yaml': 'users: {}\n' });
});
afterAll(() => files[Symbol.asyncDispose]());

interface Parts {
  readonly service?: string;
  readonly anonymous?: string;
  readonly forwardAuth?: string;
  readonly more?: string;
}

const TRUSTED = 'trustedProxies: [127.0.0.1]';

function broker({
  service = 'registry.example.com',
  anonymous = 'deny',
  forwardAuth = '{ proxy: nginx }',
  more = TRUSTED,
}: Parts): string {
  return `
listen: 127.0.0.1:0
publicUrl: http://localhost:5001
services: { "${service}": { anonymous: ${anonymous}, forwardAuth: ${forwardAuth} } }
backends: [{ name: local, type: static-file, file: users.yaml }]
policy: policy.yaml
${more}
`;
}

const load = async (parts: Parts) => loadBroker(await files.write('broker.yaml', broker(parts)));

describe('the section forwardAuth of a service', () => {
  it('takes tokens, and allows neither other routes nor mounts from anywhere, unless it says so', async () => {
    const { config, warnings } = await load({});

    expect(config.services['registry.example.com']?.forwardAuth).toEqual({
      proxy: 'nginx',
      mode: 'bearer',
      allowRoutes: [],
      mountAnywhere: false,
    });
    expect(warnings).toEqual([]);
  });

  it.each([
    ['{}', 'proxy'],
    ['{ proxy: apache }', 'proxy'],
    ['{ proxy: nginx, mode: digest }', 'mode'],
    ['{ proxy: nginx, allowRoutes: [anything] }', 'allowRoutes'],
    ['{ proxy: nginx, path: /v2/ }', 'path'],
  ])('refuses %s', async (forwardAuth, key) => {
    await expect(load({ forwardAuth })).rejects.toThrow(key);
  });

  it('needs a trusted proxy, or nobody could ask', async () => {
    expect(await problemsOf(files, () => load({ more: '' }))).toEqual([
      expect.stringContaining('found it without trustedProxies, expected the proxy that asks there'),
    ]);
  });

  it('needs a service name in ASCII, because the name is in a header', async () => {
    expect(await problemsOf(files, () => load({ service: 'bücher' }))).toEqual([
      expect.stringContaining('expected ASCII'),
    ]);
  });

  it('has a warning with passwords where anonymous may pull, because docker never does', async () => {
    const basic = '{ proxy: caddy, mode: basic }';

    expect((await load({ anonymous: 'allow', forwardAuth: basic })).warnings).toEqual([
      expect.stringContaining('docker without a login cannot pull what is public'),
    ]);
    expect((await load({ anonymous: 'deny', forwardAuth: basic })).warnings).toEqual([]);
    expect((await load({ anonymous: 'allow' })).warnings).toEqual([]);
  });

  it('has a warning with the PROXY protocol, by which no proxy asks', async () => {
    const { warnings } = await load({ more: `${TRUSTED}\nclientAddress: proxy-protocol` });

    expect(warnings).toEqual([expect.stringContaining('let clientAddress be a header')]);
  });
});
