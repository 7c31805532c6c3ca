/** What the credential helper reads of registries, sign-in servers and browsers. */
import { once } from 'node:events';
import { createServer, get } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { hasBrowser } from '../../../src/helper/login/browser.ts';
import { parseChallenge } from '../../../src/helper/login/challenge.ts';
import { listenForCallback, readCallback } from '../../../src/helper/login/loopback.ts';
import { requireOwnService } from '../../../src/helper/login/own-service.ts';
import { userOfSocket } from '../../../src/helper/login/peer.ts';
import { askForToken } from '../../../src/helper/login/token-answer.ts';
import { registryName } from '../../../src/helper/registry-name.ts';
import { hasRoot } from '../../support/parts.ts';
import { run } from '../../support/process.ts';
import type { Result } from '../../support/process.ts';

const ISSUER = 'https://auth.example.com';
/** Without a terminal. */
const HOST = { env: {}, stderr: () => undefined };

describe('the answer of the browser', () => {
  const answer = (more: Readonly<Record<string, string>>) =>
    readCallback(new URLSearchParams({ code: 'c', state: 's', iss: ISSUER, ...more }), 's', ISSUER);

  it('has the code of this sign-in', () => {
    expect(answer({})).toEqual({ code: 'c' });
  });

  it.each([{ state: 'of another' }, { state: '' }, { iss: 'https://evil.example.com' }, { iss: '' }])(
    'is ignored with %j: it belongs to another sign-in',
    (more) => {
      expect(answer(more)).toBeUndefined();
    },
  );

  it('has the reason of a refusal', () => {
    expect(answer({ code: '', error: 'access_denied', error_description: 'refused' })).toEqual({ error: 'refused' });
  });
});

describe('the port for the answer of the browser', () => {
  const statusOf = async (base: string, path: string): Promise<number | undefined> => {
    const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
    get({ host: '127.0.0.1', port: new URL(base).port, path }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', reject);
    return promise;
  };

  it('stays open for the answer whatever web pages and other programs send to it', async () => {
    const callback = await listenForCallback(HOST, 's', ISSUER);

    const statuses = [];
    for (const path of ['//', '/callback?state=guess', '/callback?code=c&state=s', '*', '/\\', '/callback%00'])
      statuses.push(await statusOf(callback.url, path));
    const right = await statusOf(callback.url, `/callback?code=c&state=s&iss=${ISSUER}`);

    expect([...new Set(statuses), right]).toEqual([404, 200]);
    expect(await callback.code).toBe('c');
    callback.close();
  });
});

describe('the answer of the token endpoint', () => {
  it.each([
    ['3600', 4600],
    ['1e300', undefined],
    ['1e999', undefined],
    ['-1', undefined],
    ['"soon"', undefined],
  ])('with %s seconds until the end of the login has the end %s', async (seconds, end) => {
    const server = createServer((_request, response) =>
      response.end(`{"refresh_token":"t","refresh_token_expires_in":${seconds}}`),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

    const answer = await askForToken({ issuer, service: 's', tokenUrl: `${issuer}/token` }, {}, 1000);
    server.close();
    server.closeAllConnections();

    expect(answer.kind === 'login' && answer.login.endsAt).toBe(end);
  });
});

describe('the answer of another user of this machine', () => {
  const NOBODY = 65_534;
  const ANSWER = `/callback?code=c&state=s&iss=${ISSUER}`;
  /** A program of another user, which connects from the address that a browser would. */
  const send = (
    base: string,
    uid: number,
    family: string,
    source?: readonly [address: string, port: number],
  ): Promise<Result> =>
    run('setpriv', [
      `--reuid=${uid}`,
      '--clear-groups',
      '/usr/bin/python3',
      '-c',
      `import socket, sys
s = socket.socket(socket.${family})
${source === undefined ? '' : `s.bind(("${source[0]}", ${source[1]}))`}
s.connect(("${family === 'AF_INET6' ? '::ffff:' : ''}127.0.0.1", ${new URL(base).port}))
s.sendall(b"GET ${ANSWER} HTTP/1.0\\r\\n\\r\\n")
sys.stdout.buffer.write(s.makefile('rb').read())`,
    ]);

  it.skipIf(!hasRoot({ program: 'setpriv' })).each(['AF_INET', 'AF_INET6'])(
    'by %s is ignored and reported once, although it knows the state, and the right one still comes',
    async (family) => {
      let stderr = '';
      const callback = await listenForCallback({ env: {}, stderr: (text) => void (stderr += text) }, 's', ISSUER);
      let isOver = false;
      void callback.code.then(() => (isOver = true));

      const foreign = [await send(callback.url, NOBODY, family), await send(callback.url, NOBODY, family)];
      const before = isOver;
      const own = await send(callback.url, 0, family);

      expect(foreign.map(({ stdout }) => stdout.split('\r\n')[0])).toEqual([
        'HTTP/1.1 403 Forbidden',
        'HTTP/1.1 403 Forbidden',
      ]);
      expect([before, await callback.code]).toEqual([false, 'c']);
      expect(own.stdout).toContain('You are signed in.');
      expect(stderr).toBe(
        'An answer of another user of this machine is ignored. If it is yours, start again with --device.\n',
      );
      callback.close();
    },
  );

  it.skipIf(!hasRoot({ program: 'setpriv' }))(
    'is ignored when it comes from another loopback address with the port of an own connection',
    async () => {
      const callback = await listenForCallback(HOST, 's', ISSUER);
      const { port } = new URL(callback.url);
      // The browser of this user has a connection open, whose port everybody can list.
      const browser = connect({ host: '127.0.0.1', port: Number(port) });
      await once(browser, 'connect');

      const foreign = await send(callback.url, NOBODY, 'AF_INET', ['127.0.0.2', browser.localPort ?? 0]);

      expect(foreign.stdout.split('\r\n')[0]).toBe('HTTP/1.1 403 Forbidden');
      browser.destroy();
      callback.close();
    },
  );

  it.skipIf(!hasRoot({ program: 'setpriv' }))('is taken from the user who started this program by sudo', async () => {
    const callback = await listenForCallback({ ...HOST, env: { SUDO_UID: String(NOBODY) } }, 's', ISSUER);

    expect((await send(callback.url, NOBODY, 'AF_INET')).stdout).toContain('You are signed in.');
    callback.close();
  });

  const LINE =
    '0: 0100007F:9C40 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1000        0 1 1 0 20 4 0 10 -1';
  it.each([
    ['is connected', LINE, 1000],
    ['is of IPv6', LINE.replaceAll('0100007F', '0000000000000000FFFF00000100007F'), 1000],
    ['is on a machine of the other byte order', LINE.replaceAll('0100007F', '7F000001'), 1000],
    ['is closed, which makes its user 0', LINE.replace(' 01 ', ' 05 ').replace(' 1000 ', ' 0 '), undefined],
    ['has the same port at another address', LINE.replace('0100007F:9C40', '0200007F:9C40'), undefined],
    ['is connected to another port', LINE.replace('1F90', '1F91'), undefined],
    ['is the other end', LINE.replace('9C40 0100007F:1F90', '1F90 0100007F:9C40'), undefined],
  ])('has the user id of a socket that %s', (_, line, user) => {
    expect(userOfSocket(`  sl  local_address rem_address   st\n  ${line}\n`, { from: 40_000, to: 8080 })).toBe(user);
  });
});

describe('a registry that asks for a login', () => {
  it.each([
    ['registry.example.com', 'registry.example.com'],
    ['registry.example.com:5000', 'Registry.Example.com'],
    ['registry.example.com', 'the registry of the team'],
    ['registry.example.com', 'registry'],
    ['127.0.0.1:5000', 'registry.example.com'],
    ['localhost:5000', 'registry.example.com'],
  ])('%s may name itself %j', (registry, service) => {
    expect(() => requireOwnService(registry, service, false)).not.toThrow();
  });

  it.each([
    ['evil.example', 'registry.example.com'],
    ['evil.example', 'https://registry.example.com/'],
    ['registry.example.com.evil.example', 'registry.example.com'],
    ['web.example.com', 'registry.example.com:5000'],
  ])('%s gets none for %j, which it could use there, unless the user accepts it', (registry, service) => {
    expect(() => requireOwnService(registry, service, false)).toThrow('could use it there');
    expect(() => requireOwnService(registry, service, true)).not.toThrow();
  });
});

describe('the challenge of a registry', () => {
  it.each([
    ['Bearer realm="https://a/token",service="r"', { realm: 'https://a/token', service: 'r' }],
    ['bearer service="r", realm="https://a/token", scope="x"', { realm: 'https://a/token', service: 'r' }],
    ['Basic realm="x", Bearer realm="https://a/token"', { realm: 'https://a/token', service: '' }],
    ['Basic realm="https://a/token"', undefined],
    ['Bearer service="r"', undefined],
    ['', undefined],
  ])('%s', (header, challenge) => {
    expect(parseChallenge(header)).toEqual(challenge);
  });
});

describe('the name of a registry', () => {
  it.each([
    ['registry.example.com', 'registry.example.com'],
    ['https://Registry.Example.com/v2/', 'registry.example.com'],
    ['localhost:5000/web/shop', 'localhost:5000'],
    ['[::1]:5000', '[::1]:5000'],
    ['a b', undefined],
    ['-x', undefined],
    ['ftp://x', undefined],
    ['', undefined],
    [`${'a'.repeat(300)}.example`, undefined],
  ])('of %j is %j', (text, name) => {
    expect(registryName(text)).toBe(name);
  });
});

describe('a browser', () => {
  it.each([
    ['linux', { DISPLAY: ':0' }, true],
    ['linux', { WAYLAND_DISPLAY: 'wayland-0' }, true],
    ['linux', {}, false],
    ['linux', { DISPLAY: '' }, false],
    ['linux', { DISPLAY: ':0', SSH_CONNECTION: '192.0.2.1 1 192.0.2.2 22' }, false],
    ['darwin', {}, true],
    ['darwin', { SSH_CONNECTION: '192.0.2.1 1 192.0.2.2 22' }, false],
  ] as const)('on %s with %j: %j', (platform, env, expected) => {
    expect(hasBrowser({ platform, env })).toBe(expected);
  });
});
