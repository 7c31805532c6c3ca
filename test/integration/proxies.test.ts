/** The blocks of config/proxies.md, with real proxies: tokens, credentials and the address of the client arrive. */
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { basic } from '../support/broker.ts';
import type { Broker } from '../support/broker.ts';
import { TRAEFIK, traefikOptions } from '../support/forward-proxy.ts';
import { freePort } from '../support/free-port.ts';
import { OPENSSL } from '../support/loopback-certificate.ts';
import { findPart } from '../support/parts.ts';
import type { Part } from '../support/parts.ts';
import { runOk, start } from '../support/process.ts';
import type { RunningProcess } from '../support/process.ts';
import { canUseWheels, wheelProgram } from '../support/python-wheel.ts';
import { ALICE, ASK_WEB, SERVICE, startStaticBroker, STATIC_CONFIG, WRONG } from '../support/static-broker.ts';

const NGINX: Part = { program: 'nginx', debian: 'nginx-light' };
const CADDY: Part = { program: 'caddy', debian: 'caddy' };
const HOST = 'auth.example.com';
const PAGE = resolve(import.meta.dirname, '../../config/proxies.md');
/** An address of this machine that is not the one by which the proxy reaches the broker. */
const CLIENT = '127.0.0.2';

interface Place {
  readonly folder: string;
  readonly port: number;
  readonly brokerPort: number;
}

/** The block below the heading, with the ports and files of the test. */
async function blockBelow(heading: string, { folder, brokerPort }: Place): Promise<string> {
  const [, block = ''] =
    new RegExp(`^## ${heading}$.*?\`\`\`\\w+\n(.*?)\`\`\``, 'ms').exec(await readFile(PAGE, 'utf8')) ?? [];
  expect(block).toContain(HOST);
  return block.replaceAll(/\/etc\/\w+\//g, `${folder}/`).replaceAll('127.0.0.1:5001', `127.0.0.1:${brokerPort}`);
}

async function startNginx(place: Place): Promise<RunningProcess> {
  const { folder, port } = place;
  const server = (await blockBelow('nginx', place)).replace('listen 443 ssl', `listen 127.0.0.1:${port} ssl`);
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  const http = `http { access_log off; ${paths.join(' ')}\n${server}}`;
  await writeFile(join(folder, 'nginx.conf'), `pid ${folder}/nginx.pid; events {}\n${http}\n`);
  const options = ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr', '-g', 'daemon off;'];
  return start(findPart(NGINX) ?? '', options);
}

async function startCaddy(place: Place): Promise<RunningProcess> {
  const { folder, port } = place;
  const site = (await blockBelow('Caddy', place)).replace(HOST, `${HOST}:${port}`);
  const global = '{\n  admin off\n  auto_https disable_redirects\n  default_bind 127.0.0.1\n}\n';
  await writeFile(join(folder, 'Caddyfile'), global + site);
  const env = { ...process.env, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder, HOME: folder };
  return start(findPart(CADDY) ?? '', ['run', '--adapter', 'caddyfile', '--config', join(folder, 'Caddyfile')], {
    env,
  });
}

/** With a certificate of a file in place of one from Let's Encrypt. */
async function startTraefik(place: Place): Promise<RunningProcess> {
  const { folder, port } = place;
  const certificate = `tls:\n  certificates: [{ certFile: ${folder}/${HOST}.crt, keyFile: ${folder}/${HOST}.key }]\n`;
  const file = join(folder, 'dynamic.yaml');
  await writeFile(
    file,
    (await blockBelow('Traefik', place)).replace('{ certResolver: letsencrypt }', '{}') + certificate,
  );
  return start(await wheelProgram(TRAEFIK), traefikOptions(file, port), { cwd: folder });
}

/** A broker as the page configures it, behind the proxy. */
async function openWorld(startProxy: (place: Place) => Promise<RunningProcess>) {
  await using resources = new AsyncDisposableStack();
  const folder = resources.use(await mkdtempDisposable(join(tmpdir(), 'fairlead-proxy-'))).path;
  const file = (kind: string): string => join(folder, `${HOST}.${kind}`);
  const subject = `-subj /CN=${HOST} -addext subjectAltName=DNS:${HOST}`;
  const make = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 ${subject}`;
  await runOk('openssl', [...make.split(' '), '-keyout', file('key'), '-out', file('crt')]);
  const config = { ...STATIC_CONFIG, publicUrl: `https://${HOST}`, trustedProxies: ['127.0.0.1'] };
  const broker = resources.use(await startStaticBroker({ config }));
  const port = await freePort();
  const proxy = resources.use(await startProxy({ folder, port, brokerPort: broker.port }));
  const ca = await readFile(file('crt'));
  // Traefik listens before it has read its routes.
  await proxy.waitUntil(
    'the proxy',
    async () => (await ask({ port, ca, path: '/healthz', headers: {} })).status === 200,
  );
  const opened = resources.move();
  return {
    broker,
    ask: (path: string, headers: Readonly<Record<string, string>>) => ask({ port, ca, path, headers }),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

interface Question {
  readonly port: number;
  readonly ca: Buffer;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

async function ask({ port, ca, path, headers }: Question): Promise<{ readonly status: number; readonly text: string }> {
  const { promise, resolve: answer, reject } = Promise.withResolvers<IncomingMessage>();
  const options = { host: '127.0.0.1', port, path, ca, servername: HOST, localAddress: CLIENT, agent: false };
  request({ ...options, headers: { host: HOST, ...headers } }, answer)
    .on('error', reject)
    .end();
  const response = await promise;
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() };
}

/** The addresses of the clients in the lines of an event. */
function loggedClients(broker: Broker, name: 'token.issued' | 'token.refused'): readonly unknown[] {
  return broker.log().flatMap(({ event, client }) => (event === name ? [client] : []));
}

const isMissing = (part: Part): boolean => [part, OPENSSL].some((one) => findPart(one) === undefined);

describe.each([
  ['nginx', startNginx, isMissing(NGINX)],
  ['Caddy', startCaddy, isMissing(CADDY)],
  ['Traefik', startTraefik, !canUseWheels()],
] as const)('behind %s, as config/proxies.md sets it up', (_name, startProxy, isSkipped) => {
  it.skipIf(isSkipped)(
    'logins succeed and fail, and the log has the address of the client, whatever it claims',
    async () => {
      await using world = await openWorld(startProxy);
      const claims = { 'x-forwarded-for': '203.0.113.9', 'x-real-ip': '203.0.113.9', forwarded: 'for=203.0.113.9' };

      const right = await world.ask(`/token?${ASK_WEB}`, { ...basic(ALICE), ...claims });
      expect(right.status).toBe(200);
      await expect.poll(() => loggedClients(world.broker, 'token.issued')).toEqual([CLIENT]);
      expect((await world.ask(`/token?${ASK_WEB}`, { ...basic(WRONG), ...claims })).status).toBe(401);
      await expect.poll(() => loggedClients(world.broker, 'token.refused')).toEqual([CLIENT]);
    },
  );

  it.skipIf(isSkipped)(
    'a token request for many repositories arrives, and details for operators do not leave',
    async () => {
      await using world = await openWorld(startProxy);
      const scopes = Array.from({ length: 90 }, (_, index) => `scope=repository:web/${'x'.repeat(100)}${index}:pull`);

      const { status } = await world.ask(`/token?service=${SERVICE}&${scopes.join('&')}`, basic(ALICE));
      expect(status).toBe(200);
      expect((await world.ask('/metrics', {})).status).toBe(404);
      expect(await world.ask('/readyz', {})).toEqual({ status: 200, text: '{"status":"ready"}' });
    },
  );
});
