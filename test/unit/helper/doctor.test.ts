/** What `doctor` finds in files, and learns from the registry and its sign-in server. */
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../support/free-port.ts';
import { createLoopbackCertificate } from '../../support/loopback-certificate.ts';
import { run as runProgram } from '../../support/process.ts';
import { identityToken, openHome, TOKEN } from '../../support/helper-host.ts';
import type { HelperHome } from '../../support/helper-host.ts';

const MAIN = resolve(import.meta.dirname, '../../../src/helper/main.ts');
const REFUSAL = { error: 'invalid_grant', error_description: 'this login has ended; sign in again' };

/** A registry that is its own sign-in server. */
interface Server {
  readonly name: string;
  url: string;
  /** Where the registry says that tokens are; undefined: at this server. */
  realm?: string;
  /** How it answers the request for its metadata. */
  metadata: number;
  /** How it answers a refresh token. */
  answer: { readonly status: number; readonly body: object };
  /** The bodies of the requests for a token. */
  readonly asked: string[];
}

let server: Server;
let home: HelperHome;
const listener = createServer((request, response) => {
  const { url, asked, answer, metadata, realm = `${url}/token` } = server;
  const path = request.url ?? '';
  let body = '';
  request.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')));
  request.on('end', () => {
    const respond = (status: number, json: object, headers = {}): void =>
      void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(json));
    if (path === '/v2/') {
      return respond(401, {}, { 'www-authenticate': `Bearer realm="${realm}",service="registry.example.com"` });
    }
    if (path === '/token') {
      asked.push(body);
      return respond(answer.status, answer.body);
    }
    respond(metadata, { issuer: url, token_endpoint: `${url}/token` });
  });
});

beforeEach(async () => {
  const listening = Promise.withResolvers<void>();
  listener.listen(0, '127.0.0.1', listening.resolve);
  await listening.promise;
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  const name = `127.0.0.1:${address.port}`;
  server = { name, url: `http://${name}`, metadata: 200, answer: { status: 200, body: { token: 't' } }, asked: [] };
  home = await openHome();
  home.now = Math.floor(Date.now() / 1000);
  await home.run(['store'], identityToken(TOKEN, name));
});
afterEach(async () => {
  const closed = Promise.withResolvers<void>();
  listener.close(() => closed.resolve());
  listener.closeAllConnections();
  await closed.promise;
  await home[Symbol.asyncDispose]();
});

/** Stores the server as `login` does. */
async function pin(url = server.url): Promise<void> {
  await mkdir(home.state, { recursive: true });
  await writeFile(join(home.state, 'servers.json'), JSON.stringify({ [server.name]: url }), { mode: 0o600 });
}

const doctor = async (): Promise<string> => (await home.run(['doctor', server.name])).stdout;

it('reports that the server accepts the login', async () => {
  await pin();

  expect(await doctor()).toContain(`ok       ${server.url} accepts the login`);
  expect(server.asked).toEqual([expect.stringContaining(`refresh_token=${TOKEN}`)]);
});

it('reports a login that the server has ended, and the command that renews it', async () => {
  await pin();
  server.answer = { status: 401, body: REFUSAL };

  expect(await doctor()).toContain(
    `problem  ${server.url} refuses the login: this login has ended; sign in again; run: docker-credential-fairlead login ${server.name}`,
  );
});

it('does not say that a login has ended while the server cannot find out', async () => {
  await pin();
  server.answer = { status: 503, body: { error: 'temporarily_unavailable', error_description: 'try again soon' } };

  const text = await doctor();

  expect(text).toContain(`${server.url} cannot check the login now: try again soon`);
  expect(text).not.toContain('refuses the login');
});

it('sends the token to no server but the one that has issued it', async () => {
  await pin('https://auth.example.com');

  expect(await doctor()).toContain('named https://auth.example.com before');
  expect(server.asked).toEqual([]);
});

describe('of a setup that works but for one thing, `doctor` says what is wrong and what to do', () => {
  const HELPER = 'docker-credential-fairlead';
  const program = (): string => join(home.home, 'bin', HELPER);
  const dockerFile = (): string => join(home.home, '.docker/config.json');
  const podmanFile = (): string => join(home.home, '.config/containers/auth.json');
  const loginsFile = (): string => join(home.state, 'logins.json');
  const json = async (path: string, value: unknown): Promise<void> => {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, JSON.stringify(value), { mode: 0o600 });
  };
  const password = (): object => ({ auths: { [server.name]: { auth: 'YWxpY2U6d29uZGVybGFuZA==' } } });
  const run = (command: string): string => `run: ${HELPER} ${command} ${server.name}`;

  beforeEach(async () => {
    await home.addProgram(HELPER, '#!/bin/sh\n');
    await home.run(['configure', server.name]);
    await pin();
  });

  it('and finds no problem while nothing is wrong', async () => {
    expect(await home.run(['doctor'])).toMatchObject({ code: 0, stdout: expect.not.stringContaining('problem') });
  });

  it.each<readonly [string, () => unknown, () => string]>([
    [
      'the helper is not in PATH',
      () => rm(program()),
      () => 'is in no folder of PATH, so that docker goes on without credentials; link it in /usr/local/bin',
    ],
    ['the helper is not executable', () => chmod(program(), 0o644), () => `run: chmod +x ${program()}`],
    [
      'other users can read the logins',
      () => chmod(loginsFile(), 0o644),
      () => `${loginsFile()} can be read or written by other users; run chmod 600 on it and log in again`,
    ],
    [
      'the logins are damaged',
      () => writeFile(loginsFile(), '{'),
      () => 'are not valid JSON; remove the file and log in again',
    ],
    [
      'the login is of a later version',
      () => json(loginsFile(), { logins: { [server.name]: { sealed: 1 } } }),
      () => `is stored in a form that cannot be read; ${run('login')}`,
    ],
    ['there is no login', () => rm(loginsFile()), () => `there is no login at ${server.name}; ${run('login')}`],
    [
      'the login has ended',
      () => json(loginsFile(), { logins: { [server.name]: { username: '<token>', secret: TOKEN, endsAt: 1 } } }),
      () => `has ended; ${run('login')}`,
    ],
    [
      'docker has a key with a scheme',
      () => json(dockerFile(), { credHelpers: { [`https://${server.name}`]: 'fairlead' } }),
      () =>
        `the key "https://${server.name}" in "credHelpers" is not "${server.name}", and is ignored by docker; ${run('configure')}`,
    ],
    [
      'docker has a key without the port',
      () => json(dockerFile(), { credHelpers: { '127.0.0.1': 'fairlead' } }),
      () => `the key "127.0.0.1" in "credHelpers" is not "${server.name}"`,
    ],
    [
      'docker uses another helper',
      () => json(dockerFile(), { credHelpers: { [server.name]: 'pass' } }),
      () => `names the helper "pass", and not this one, for ${server.name}: docker; ${run('configure')}`,
    ],
    [
      'docker has a password',
      () => json(dockerFile(), { ...password(), credHelpers: { [server.name]: 'fairlead' } }),
      () => `${dockerFile()} has a password for ${server.name} in clear text; remove its entry`,
    ],
    [
      'the copy of an old file has a password',
      () => json(`${dockerFile()}.before-fairlead`, password()),
      () => `.before-fairlead has a password for ${server.name} in clear text; remove this file`,
    ],
    [
      'the settings of docker are damaged',
      () => writeFile(dockerFile(), '{"credHelpers": {'),
      () => `the settings in ${dockerFile()} are not valid JSON; correct the file: no client can read it`,
    ],
    [
      'the settings of docker are a folder',
      async () => [await rm(dockerFile()), await mkdir(dockerFile())],
      () => `${dockerFile()} cannot be read (EISDIR); make it a file that you may read`,
    ],
    [
      'podman has `credsStore` alone',
      () => json(podmanFile(), { credsStore: 'fairlead' }),
      () =>
        `"credsStore" is not enough for podman and skopeo: no helper for ${server.name} is named for podman, skopeo and buildah; ${run('configure')}`,
    ],
    [
      'podman has a login of its own',
      () => json(join(home.home, 'run/containers/auth.json'), password()),
      () => `which podman, skopeo and buildah use before this helper; remove its entry in "auths" from the file`,
    ],
    [
      'the clock is an hour ahead',
      () => (home.now += 3600),
      () => `seconds ahead of ${server.url}: set the one that is wrong`,
    ],
    [
      'the clock is an hour behind',
      () => (home.now -= 3600),
      () => `seconds behind ${server.url}: set the one that is wrong`,
    ],
    [
      'the sign-in server is down behind its proxy',
      () => (server.metadata = 502),
      () => `${server.url} cannot answer now (status 502); try again later, or ask its operator`,
    ],
    [
      'the sign-in server is down',
      async () => (server.realm = `http://127.0.0.1:${await freePort()}/token`),
      () => 'does not answer: connect ECONNREFUSED',
    ],
    [
      'the sign-in is not enabled',
      () => (server.metadata = 404),
      () => 'has no sign-in for this program (status 404); use docker login, or ask its operator to enable it',
    ],
    [
      'the registry names another server',
      () => pin('https://auth.example.com'),
      () =>
        `names ${server.url} as its sign-in server, and named https://auth.example.com before; if its operator says that this is right, ${run('login')} --accept-server`,
    ],
    [
      'the sign-in server has no TLS',
      () => (server.realm = 'http://auth.example.com/token'),
      () => 'http://auth.example.com is not HTTPS: a login is sent to HTTPS servers only; ask its operator for HTTPS',
    ],
  ])('when %s', async (_, breakIt, sentence) => {
    await breakIt();

    const { code, stdout, stderr } = await home.run(['doctor', server.name]);

    expect(stdout.split('\n').filter((line) => line.startsWith('problem'))).toContainEqual(
      expect.stringContaining(sentence()),
    );
    expect([code, stderr]).toEqual([1, '']);
    expect(stdout).not.toContain(TOKEN);
  });

  it('when the registry is down', async () => {
    const name = `127.0.0.1:${await freePort()}`;

    expect((await home.run(['doctor', name])).stdout).toContain(
      `problem  https://${name} does not answer: connect ECONNREFUSED ${name}; check the network, or ask its operator`,
    );
  });

  it('when the registry has no TLS', async () => {
    // An address of this machine that is no loopback address by its name.
    const name = server.name.replace('127.0.0.1', '0.0.0.0');

    expect((await home.run(['doctor', name])).stdout).toContain(
      `problem  https://${name} cannot be asked (ERR_SSL_WRONG_VERSION_NUMBER): it does not speak TLS, and a login is sent to HTTPS servers only; ask its operator for HTTPS`,
    );
  });

  it('when the authority of the registry is unknown, and accepts one that the system trusts', async () => {
    await using certificate = await createLoopbackCertificate();
    const listening = Promise.withResolvers<void>();
    const secure = createSecureServer(certificate, (request, response) => listener.emit('request', request, response));
    secure.listen(0, '127.0.0.1', listening.resolve);
    await listening.promise;
    const name = `127.0.0.1:${(secure.address() as AddressInfo).port}`;
    server.url = `https://${name}`;
    const doctorWith = (file: string) =>
      runProgram(process.execPath, [MAIN, 'doctor', name], {
        env: { ...home.env, SSL_CERT_FILE: file, SSL_CERT_DIR: home.home },
      });

    const unknown = await doctorWith('/dev/null');
    const known = await doctorWith(certificate.caFile);

    expect(unknown.stdout).toContain(`problem  https://${name} cannot be asked (UNABLE_TO_VERIFY_LEAF_SIGNATURE): `);
    expect(unknown.stdout).toContain('add it to those of the system, or name its file in NODE_EXTRA_CA_CERTS');
    expect(known.stdout).toContain(`ok       ${name} names https://${name} as its sign-in server`);
    secure.close();
    secure.closeAllConnections();
  });

  it('when no registry is named and the logins cannot be read', async () => {
    await chmod(loginsFile(), 0o640);

    const { stdout } = await home.run(['doctor']);

    expect(stdout).toContain('run chmod 600 on it');
    expect(stdout).toContain(`names this helper for ${server.name}: docker`);
  });
});
