/** `fairlead registry-config` for proxies: what it takes from the configuration, and what it refuses. */
import { describe, expect, it } from 'vitest';
import { CONFIG, workspace } from './workspace.ts';
import type { CommandResult } from './workspace.ts';

const NGINX = { forwardAuth: { proxy: 'nginx' } } as const;
const LISTEN = '127.0.0.1:5001';

/** @param change keys of broker.yaml */
async function print(change: Readonly<Record<string, unknown>>, ...args: readonly string[]): Promise<CommandResult> {
  const config = { ...CONFIG, listen: LISTEN, trustedProxies: ['127.0.0.1'], ...change };
  await using files = await workspace({ 'broker.yaml': JSON.stringify(config) });
  return await files.fairlead(['registry-config', '--config', files.config, ...args]);
}

describe('fairlead registry-config --for nginx', () => {
  it('prints a server for each service behind nginx, and for no other', async () => {
    const services = {
      'a.example.com': NGINX,
      'b.example.com:8443': NGINX,
      'c.example.com': { forwardAuth: { proxy: 'caddy' } },
      'd.example.com': {},
    };
    const { code, stdout, stderr } = await print({ services }, '--for', 'nginx', '--upstream', '10.0.0.5:5000');

    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringContaining('replace the address of each registry') as string,
    });
    expect(stdout.match(/server_name .*;/g)).toEqual(['server_name a.example.com;', 'server_name b.example.com;']);
    expect(stdout.match(/listen .*;/g)).toEqual(['listen 443 ssl;', 'listen 8443 ssl;']);
    expect(stdout).toContain('proxy_pass http://fairlead/forward-auth/b.example.com:8443;');
    expect(stdout).toContain('proxy_pass http://10.0.0.5:5000;');
    expect(stdout).toContain('server 127.0.0.1:5001;');
  });

  it('prints the server of one service where it is named', async () => {
    const services = { 'a.example.com': NGINX, 'b.example.com': NGINX };
    const { stdout } = await print({ services }, '--for', 'nginx', '--service', 'b.example.com');

    expect(stdout.match(/server_name .*;/g)).toEqual(['server_name b.example.com;']);
  });

  it('passes the tokens of a broker at the host of the registry to the broker', async () => {
    const services = { 'a.example.com': NGINX };
    const same = await print({ services, publicUrl: 'https://a.example.com/auth' }, '--for', 'nginx');
    const other = await print({ services, publicUrl: 'https://auth.example.com' }, '--for', 'nginx');

    expect(same.stdout).toContain('location /auth/ {');
    expect(same.stderr).not.toContain('clients get their tokens');
    expect(other.stdout).not.toContain('location /auth/');
    expect(other.stderr).toContain('clients get their tokens at https://auth.example.com/token');
  });

  it.each([
    ['0.0.0.0:5001', 'server 127.0.0.1:5001;'],
    ['[::]:5001', 'server [::1]:5001;'],
    ['unix:/run/fairlead.sock', 'server unix:/run/fairlead.sock;'],
  ])('reaches a broker that listens at %s by %s', async (listen, server) => {
    const trustedProxies = listen.startsWith('unix') ? ['unix'] : ['127.0.0.1'];

    expect((await print({ services: { a: NGINX }, listen, trustedProxies }, '--for', 'nginx')).stdout).toContain(
      server,
    );
  });

  it('says what the configuration leaves open', async () => {
    const change = { services: { 'Docker registry': NGINX }, clientAddress: 'x-real-ip' };
    const { stdout, stderr } = await print(change, '--for', 'nginx');

    expect(stdout).toContain('server_name registry.example.com;');
    expect(stdout).toContain('/forward-auth/Docker%20registry;');
    expect(stderr).toContain('replace registry.example.com with the host of the registry');
    expect(stderr).toContain('in X-Forwarded-For, and clientAddress is x-real-ip: change one');
  });

  it.each([
    ['no service is behind nginx', {}, []],
    ['the service "registry.example.com" has no forwardAuth', {}, ['--service', 'registry.example.com']],
    [
      'forwardAuth.proxy of the service "a" is caddy; print the block --for caddy',
      { services: { a: { forwardAuth: { proxy: 'caddy' } } } },
      ['--service', 'a'],
    ],
    ['listen has port 0', { services: { a: NGINX }, listen: '127.0.0.1:0' }, []],
  ])('exits with 1 where %s', async (sentence, change, args) => {
    const { code, stdout, stderr } = await print(change, '--for', 'nginx', ...args);

    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(sentence);
  });

  it.each(['5000', 'http://127.0.0.1:5000', '127.0.0.1:5000;return 200'])(
    'exits with 2 for the address %s of the registry',
    async (upstream) => {
      const { code, stderr } = await print({ services: { a: NGINX } }, '--for', 'nginx', '--upstream', upstream);

      expect(code).toBe(2);
      expect(stderr).toContain(`--upstream ${upstream}: expected HOST:PORT`);
    },
  );

  it('gives the block and the notes as JSON', async () => {
    const { stdout } = await print({ services: { a: NGINX } }, '--for', 'nginx', '--format', 'json');

    expect(JSON.parse(stdout)).toEqual({
      text: expect.stringContaining('auth_request /.fairlead;') as string,
      notes: expect.arrayContaining([expect.stringContaining('nobody may reach the registry')]) as string[],
    });
  });
});
