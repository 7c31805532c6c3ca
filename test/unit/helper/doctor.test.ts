/** What `doctor` learns from the registry and its sign-in server about a login. */
import { createServer } from 'node:http';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { identityToken, openHome, TOKEN } from '../../support/helper-host.ts';
import type { HelperHome } from '../../support/helper-host.ts';

const REFUSAL = { error: 'invalid_grant', error_description: 'this login has ended; sign in again' };

/** A registry that is its own sign-in server. */
interface Server {
  readonly name: string;
  readonly url: string;
  /** How it answers a refresh token. */
  answer: { readonly status: number; readonly body: object };
  /** The bodies of the requests for a token. */
  readonly asked: string[];
}

let server: Server;
let home: HelperHome;
const listener = createServer((request, response) => {
  const { url, asked, answer } = server;
  const path = request.url ?? '';
  let body = '';
  request.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')));
  request.on('end', () => {
    const respond = (status: number, json: object, headers = {}): void =>
      void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(json));
    if (path === '/v2/') {
      return respond(401, {}, { 'www-authenticate': `Bearer realm="${url}/token",service="registry.example.com"` });
    }
    if (path === '/token') {
      asked.push(body);
      return respond(answer.status, answer.body);
    }
    respond(200, { issuer: url, token_endpoint: `${url}/token` });
  });
});

beforeEach(async () => {
  const listening = Promise.withResolvers<void>();
  listener.listen(0, '127.0.0.1', listening.resolve);
  await listening.promise;
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  const name = `127.0.0.1:${address.port}`;
  server = { name, url: `http://${name}`, answer: { status: 200, body: { token: 't' } }, asked: [] };
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

/** Remembers the server as `login` does. */
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
