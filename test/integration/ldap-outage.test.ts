import { deadlineIn } from '../../src/core/deadline.ts';
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Authenticator } from '../../src/core/ports.ts';
import { realClock, recordingLog } from '../support/fakes.ts';
import { freePort } from '../support/free-port.ts';
import { freeze, thaw } from '../support/halt.ts';
import { createLdap, identityOf, logIn } from '../support/ldap-backend.ts';
import { PEOPLE, PEOPLE_DN } from '../support/slapd-entries.ts';
import { canRunSlapd, startSlapd } from '../support/slapd.ts';
import type { Slapd } from '../support/slapd.ts';
import { passOn, startTcpStandIn } from '../support/tcp-stand-in.ts';
import { MACHINE_MS, waitFor } from '../support/wait.ts';

const absent = !canRunSlapd();
const { alice } = PEOPLE;
const UNAVAILABLE = { name: 'BrokerError', code: 'backend_unavailable' };
const QUICK = { connect: '300ms', operation: '300ms' };
const TEMPLATE = { template: `uid={login},${PEOPLE_DN}` };

const probe = (backend: Authenticator) => backend.probe(deadlineIn(realClock, 2000));

async function timed<T>(work: Promise<T>): Promise<{ readonly ms: number; readonly error: unknown }> {
  const started = performance.now();
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { ms: performance.now() - started, error };
}

describe.skipIf(absent)('the ldap backend during an outage of slapd', () => {
  it('fails while the server is stopped, and works at once when it runs again', async () => {
    await using slapd = await startSlapd();
    const log = recordingLog();
    await using backend = await createLdap({ urls: [slapd.url] }, { log });
    await identityOf(backend, alice);

    await slapd.stop();
    const { ms, error } = await timed(logIn(backend, 'alice', alice.password));
    const down = await probe(backend);
    await slapd.start();
    const identity = await identityOf(backend, alice);

    expect(error).toMatchObject(UNAVAILABLE);
    // Less than the time limit of a connection.
    expect(ms).toBeLessThan(2000);
    expect(down.state).toBe('down');
    expect(identity.username).toBe('alice');
    expect(await probe(backend)).toEqual({ state: 'up' });
    expect(log.lines.map(({ message }) => message)).toEqual(['directory server failed', 'directory server recovered']);
  });

  it('fails at the deadline while the server is frozen, and reports up within 2 s of its return', async () => {
    await using slapd = await startSlapd();
    await using backend = await createLdap({ urls: [slapd.url] });
    await identityOf(backend, alice);

    await freeze(slapd.pid());
    const { ms, error } = await timed(logIn(backend, 'alice', alice.password, 1000)).finally(() => thaw(slapd.pid()));
    const back = performance.now();
    await waitFor('the state up', async () => (await probe(backend)).state === 'up');

    expect(error).toMatchObject(UNAVAILABLE);
    expect(ms).toBeGreaterThan(900);
    // An operation alone may take 4 s.
    expect(ms).toBeLessThan(3500);
    expect(performance.now() - back).toBeLessThan(2000 + MACHINE_MS);
  });

  it('gives no wrong answer under load while the server stops and starts', async () => {
    await using slapd = await startSlapd();
    await using backend = await createLdap({ urls: [slapd.url] });
    const stopped = new AbortController();
    const kinds = new Set<string>();
    const logInRepeatedly = async (password: string): Promise<void> => {
      while (!stopped.signal.aborted) {
        const kind = await logIn(backend, 'alice', password).then(
          (outcome) => outcome.kind,
          (error: unknown) => (expect(error).toMatchObject(UNAVAILABLE), 'failed'),
        );
        kinds.add(`${password === alice.password ? 'correct' : 'wrong'} ${kind}`);
      }
    };

    const logins = Promise.all(
      [...Array(8).keys()].map((n) => logInRepeatedly(n % 2 === 0 ? alice.password : 'wrong')),
    );
    for (let round = 0; round < 3; round += 1) {
      await waitFor('logins', () => slapd.operations().binds.length > (round + 1) * 50);
      await slapd.stop();
      await slapd.start();
    }
    stopped.abort();
    await logins;

    expect([...kinds].toSorted()).toEqual([
      'correct authenticated',
      'correct failed',
      'wrong failed',
      'wrong rejected',
    ]);
  });

  it('leaves no file descriptors open after 200 logins', async () => {
    await using slapd = await startSlapd({ tls: true });
    await using backend = await createLdap({
      urls: [slapd.url],
      tls: { mode: 'starttls', caFile: slapd.caFile ?? '' },
    });
    const descriptors = (): number => readdirSync('/proc/self/fd').length;
    await identityOf(backend, alice);
    const before = descriptors();

    for (let round = 0; round < 20; round += 1) {
      await Promise.all([...Array(10).keys()].map((n) => logIn(backend, 'alice', n % 2 === 0 ? alice.password : 'no')));
    }

    // Two connections were open before; two for searches and eight for binds stay open.
    await waitFor('sockets to close', () => descriptors() <= before + 8);
    await backend[Symbol.asyncDispose]();
    await waitFor('all sockets to close', () => descriptors() < before);
  });
});

describe('the ldap backend with a server that is not a directory', () => {
  const BIND_RESPONSE = Buffer.from('300c02010161070a010004000400', 'hex');

  it.each<[string, (socket: Socket) => void]>([
    ['never answers', () => undefined],
    ['answers in HTTP', (socket) => socket.on('data', () => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'))],
    ['announces 2 GiB', (socket) => socket.on('data', () => socket.write(Buffer.from('30847fffffff', 'hex')))],
    [
      'announces 9 MiB and starts to send',
      (socket) => socket.on('data', () => socket.write(Buffer.from('308300900000', 'hex'))),
    ],
    ['uses the indefinite length', (socket) => socket.on('data', () => socket.write(Buffer.from('3080', 'hex')))],
    ['sends half a message', (socket) => socket.on('data', () => socket.write(BIND_RESPONSE.subarray(0, 9)))],
    [
      'sends a result without a code',
      (socket) => socket.on('data', () => socket.write(Buffer.from('300702010161020400', 'hex'))),
    ],
    [
      'ends a search in place of its answer to a bind',
      (socket) => socket.on('data', () => socket.write(Buffer.from('300c02010165070a010004000400', 'hex'))),
    ],
    [
      'answers another request',
      (socket) => socket.on('data', () => socket.write(Buffer.from('300c02017761070a010004000400', 'hex'))),
    ],
    [
      'sends 10 000 small messages',
      (socket) => socket.on('data', () => socket.write(Buffer.alloc(50_000, Buffer.from('3003020177', 'hex')))),
    ],
    [
      'sends a notice of disconnection',
      (socket) => socket.on('data', () => socket.write(Buffer.from('300c02010078070a013304000400', 'hex'))),
    ],
    ['closes at once', (socket) => socket.destroy()],
    ['closes after a request', (socket) => socket.on('data', () => socket.end())],
    ['resets after a request', (socket) => socket.on('data', () => socket.resetAndDestroy())],
    ['sends zeros without end', (socket) => socket.on('data', () => socket.write(Buffer.alloc(100_000)))],
  ])('fails at the deadline when the server %s', async (_what, behaviour) => {
    await using standIn = await startTcpStandIn(behaviour);
    await using searching = await createLdap({ urls: [standIn.url], timeouts: QUICK });
    await using binding = await createLdap({ urls: [standIn.url], timeouts: QUICK, users: TEMPLATE, bind: undefined });

    for (const backend of [searching, binding]) {
      const { ms, error } = await timed(logIn(backend, 'alice', alice.password));
      expect(error).toMatchObject(UNAVAILABLE);
      // By default, an operation may take 4 s.
      expect(ms).toBeLessThan(3500);
      expect((await probe(backend)).state).toBe('down');
    }
    expect(standIn.connections()).toBeGreaterThanOrEqual(4);
  });

  it('fails when nothing listens, and when the host name does not resolve', async () => {
    const port = await freePort();
    await using closed = await createLdap({ urls: [`ldap://127.0.0.1:${port}`] });
    await using nowhere = await createLdap({ urls: ['ldaps://directory.invalid'] });

    await expect(logIn(closed, 'alice', 'x')).rejects.toMatchObject(UNAVAILABLE);
    await expect(logIn(nowhere, 'alice', 'x')).rejects.toMatchObject(UNAVAILABLE);
  });

  it('ends a login under way when it is disposed of', async () => {
    await using mute = await startTcpStandIn();
    const backend = await createLdap({ urls: [mute.url] });
    const waiting = timed(logIn(backend, 'alice', alice.password));
    await waitFor('the connection', () => mute.received().length > 0);

    await backend[Symbol.asyncDispose]();

    const { ms, error } = await waiting;
    expect(error).toMatchObject(UNAVAILABLE);
    // The operation may take 4 s.
    expect(ms).toBeLessThan(3500);
    await expect(logIn(backend, 'alice', alice.password)).rejects.toMatchObject(UNAVAILABLE);
  });
});

describe.skipIf(absent)('the ldap backend with several servers', () => {
  let slapd: Slapd;
  beforeAll(async () => {
    slapd = await startSlapd();
  });
  afterAll(() => slapd[Symbol.asyncDispose]());

  it('tries the next server after a fault, and the failed server last', async () => {
    await using mute = await startTcpStandIn();
    const log = recordingLog();
    await using backend = await createLdap({ urls: [mute.url, slapd.url], timeouts: QUICK }, { log });

    const first = await timed(identityOf(backend, alice));
    const second = await timed(identityOf(backend, alice));

    expect([first.error, second.error]).toEqual([undefined, undefined]);
    // Half the time limit of an operation, because another server is left to try.
    expect(first.ms).toBeGreaterThan(140);
    // The second login does not ask it.
    expect(mute.connections()).toBe(1);
    expect(log.lines).toMatchObject([{ level: 'warn', fields: { server: mute.url } }]);
  });

  it('never tries a wrong password at the next server', async () => {
    await using other = await startTcpStandIn(passOn(slapd.port));
    await using backend = await createLdap({ urls: [other.url, slapd.url] });
    const before = (await slapd.settled()).binds.length;

    const outcome = await logIn(backend, 'alice', 'wrong');

    expect(outcome).toEqual({ kind: 'rejected', reason: 'wrong-password' });
    expect((await slapd.settled()).binds.slice(before)).toEqual([slapd.bindDn, alice.dn]);
  });

  it('never tries a password at the next server when the answer to the bind is lost', async () => {
    // The second connection is for the bind of the user; it is closed instead of the first answer.
    let opened = 0;
    await using other = await startTcpStandIn((socket) => {
      opened += 1;
      const isUsers = opened === 2;
      passOn(slapd.port, () => isUsers)(socket);
    });
    await using backend = await createLdap({ urls: [other.url, slapd.url] });
    const before = (await slapd.settled()).binds.length;

    await expect(logIn(backend, 'alice', 'wrong')).rejects.toMatchObject(UNAVAILABLE);

    expect((await slapd.settled()).binds.slice(before)).toEqual([slapd.bindDn, alice.dn]);
  });

  it('names every server in the error when all fail', async () => {
    const [one, two] = [await freePort(), await freePort()];
    await using backend = await createLdap({ urls: [`ldap://127.0.0.1:${one}`, `ldap://127.0.0.1:${two}`] });

    const { error } = await timed(logIn(backend, 'alice', alice.password));

    expect(error).toMatchObject(UNAVAILABLE);
    const cause = error instanceof Error ? String(error.cause) : '';
    expect(cause).toContain(`:${one}: cannot connect`);
    expect(cause).toContain(`:${two}: cannot connect`);
  });
});

it('the ldap backend opens no connection before a login', async () => {
  await using standIn = await startTcpStandIn();
  await using backend = await createLdap({ urls: [standIn.url] });

  expect(backend.name).toBe('corp');
  expect(standIn.connections()).toBe(0);
  const socket = connect(standIn.port, '127.0.0.1');
  await waitFor('the count to work', () => standIn.connections() === 1);
  socket.destroy();
});
