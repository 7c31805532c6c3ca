/** Several brokers with one configuration behind nginx, as config/operations.md sets them up. */
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { MAIN } from '../support/broker.ts';
import { freePort } from '../support/free-port.ts';
import { OPENSSL } from '../support/loopback-certificate.ts';
import { findPart } from '../support/parts.ts';
import type { Part } from '../support/parts.ts';
import { runOk, start } from '../support/process.ts';
import type { RunningProcess } from '../support/process.ts';
import { ASK_PUBLIC, startStaticBroker } from '../support/static-broker.ts';
import { httpAnswers, portAnswers, waitFor } from '../support/wait.ts';

const NGINX: Part = { program: 'nginx', debian: 'nginx-light' };
const HOST = 'auth.example.com';
const PAGE = resolve(import.meta.dirname, '../../config/operations.md');
const CLIENTS = 8;

/** What the page has for nginx, with the ports of the test. */
async function startNginx(folder: string, port: number, brokers: readonly number[]): Promise<RunningProcess> {
  const [, block = ''] = /```nginx\n(.*?)```/s.exec(await readFile(PAGE, 'utf8')) ?? [];
  const [first, second] = brokers;
  const server = block
    .replaceAll('/etc/nginx/', `${folder}/`)
    .replace('listen 443 ssl', `listen 127.0.0.1:${port} ssl`)
    .replace('127.0.0.1:5001', `127.0.0.1:${first}`)
    .replace('127.0.0.1:5002', `127.0.0.1:${second}`);
  expect(server).toContain(`server 127.0.0.1:${second} max_fails=0;`);
  const subject = `-subj /CN=${HOST} -addext subjectAltName=DNS:${HOST}`;
  const make = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 ${subject}`;
  await runOk('openssl', [...make.split(' '), '-keyout', `${folder}/${HOST}.key`, '-out', `${folder}/${HOST}.crt`]);
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  const http = `http { access_log off; ${paths.join(' ')}\n${server}}`;
  await writeFile(join(folder, 'nginx.conf'), `pid ${folder}/nginx.pid; events {}\n${http}\n`);
  return start(findPart(NGINX) ?? '', [
    '-p',
    folder,
    '-c',
    join(folder, 'nginx.conf'),
    '-e',
    'stderr',
    '-g',
    'daemon off;',
  ]);
}

/** Clients with a new connection for each request. @returns what ends them and gives the statuses or errors */
function startClients(port: number, ca: Buffer) {
  const outcomes: string[] = [];
  let isOver = false;
  const ask = (): Promise<string> => {
    const { promise, resolve: settle } = Promise.withResolvers<string>();
    const where = { host: '127.0.0.1', port, path: `/token?${ASK_PUBLIC}`, servername: HOST, headers: { host: HOST } };
    request({ ...where, ca, agent: new Agent({ keepAlive: false }) }, (response) => {
      response.resume();
      response.on('end', () => settle(String(response.statusCode)));
      response.on('error', (error: NodeJS.ErrnoException) => settle(`cut: ${error.code}`));
    })
      .on('error', (error: NodeJS.ErrnoException) => settle(error.code ?? error.message))
      .end();
    return promise;
  };
  const clients = Array.from({ length: CLIENTS }, async () => {
    while (!isOver) outcomes.push(await ask());
  });
  return {
    outcomes,
    end: async (): Promise<ReadonlySet<string>> => {
      isOver = true;
      await Promise.all(clients);
      return new Set(outcomes);
    },
  };
}

/** Another broker with the configuration of the first, at a port of its own. */
async function startAnother(config: string, port: number): Promise<RunningProcess> {
  const addresses = ['--listen', `127.0.0.1:${port}`, '--admin-listen', `127.0.0.1:${await freePort()}`];
  const broker = start(process.execPath, [MAIN, 'serve', '--config', config, ...addresses]);
  await broker.waitUntil('the broker', () => httpAnswers(`http://127.0.0.1:${port}/healthz`));
  return broker;
}

it.skipIf(findPart(NGINX) === undefined || findPart(OPENSSL) === undefined)(
  'one of two brokers after the other restarts behind nginx, and no request on a new connection fails',
  async () => {
    await using resources = new AsyncDisposableStack();
    const folder = resources.use(await mkdtempDisposable(join(tmpdir(), 'fairlead-several-'))).path;
    const first = resources.use(await startStaticBroker());
    const config = join(first.folder, 'broker.yaml');
    const secondPort = await freePort();
    const second = resources.use(await startAnother(config, secondPort));
    const port = await freePort();
    const nginx = resources.use(await startNginx(folder, port, [first.port, secondPort]));
    await nginx.waitUntil('nginx', () => portAnswers(port));
    const { outcomes, end } = startClients(port, await readFile(join(folder, `${HOST}.crt`)));
    const more = async (count: number): Promise<void> => {
      const before = outcomes.length;
      await waitFor(`${count} more answers`, () => outcomes.length >= before + count);
    };
    await more(50);

    first.signal('SIGTERM');
    expect(await first.process.exited).toEqual({ code: 0, signal: null });
    await more(50);
    resources.use(await startAnother(config, first.port));
    await more(50);
    second.signal('SIGTERM');
    expect(await second.exited).toEqual({ code: 0, signal: null });
    await more(50);

    expect(await end()).toEqual(new Set(['200']));
    // Both served: each has issued tokens, signed with the key that they share.
    const served = [first.process, second].map((broker) => broker.output().includes('token.issued'));
    expect(served).toEqual([true, true]);
  },
);

it.skipIf(findPart(NGINX) === undefined || findPart(OPENSSL) === undefined)(
  'a broker that is killed instead of stopped makes a request fail, which the clients of this test notice',
  async () => {
    await using resources = new AsyncDisposableStack();
    const folder = resources.use(await mkdtempDisposable(join(tmpdir(), 'fairlead-several-'))).path;
    const only = resources.use(await startStaticBroker());
    const port = await freePort();
    const nginx = resources.use(await startNginx(folder, port, [only.port, await freePort()]));
    await nginx.waitUntil('nginx', () => portAnswers(port));
    const { outcomes, end } = startClients(port, await readFile(join(folder, `${HOST}.crt`)));
    await waitFor('answers', () => outcomes.length > 20);

    only.signal('SIGKILL');
    await only.process.exited;
    await waitFor('failures', () => outcomes.some((outcome) => outcome !== '200'));

    expect(await end()).toContain('502');
  },
);
