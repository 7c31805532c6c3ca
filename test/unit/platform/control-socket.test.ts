import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import { askRunningBroker, openControlSocket } from '../../../src/platform/control-socket.ts';
import type { ControlRequest } from '../../../src/platform/control-socket.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-control-'));
  path = join(folder, 'control.sock');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const echo = ({ command }: ControlRequest): { readonly ok: true; readonly said: string } => ({
  ok: true,
  said: command,
});

async function sendRaw(line: string): Promise<string> {
  const socket = createConnection(path);
  socket.on('error', () => undefined);
  socket.write(line);
  return text(socket).catch(() => '');
}

it('the control socket carries a command and its answer, and only its owner can open it', async () => {
  const socket = await openControlSocket(path, echo);
  onTestFinished(() => socket[Symbol.asyncDispose]());

  expect(await askRunningBroker(path, { command: 'flush' })).toEqual({ ok: true, said: 'flush' });
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

it.each(['not JSON\n', '[]\n', '{"command":7}\n', '{"backend":"corp"}\n'])(
  'the control socket refuses the request %j',
  async (line) => {
    const socket = await openControlSocket(path, echo);
    onTestFinished(() => socket[Symbol.asyncDispose]());

    expect(JSON.parse(await sendRaw(line))).toMatchObject({ ok: false });
  },
);

it('the control socket closes a connection whose line does not end, and serves the next', async () => {
  const socket = await openControlSocket(path, echo);
  onTestFinished(() => socket[Symbol.asyncDispose]());

  const client = createConnection(path);
  client.on('error', () => undefined);
  // A client that goes on sending never reaches the idle timeout: only the limit of a line ends it.
  const sending = setInterval(() => client.write('x'.repeat(1000)), 20);
  onTestFinished(() => clearInterval(sending));
  await once(client, 'close');

  expect(client.bytesWritten).toBeLessThan(200_000);
  expect(await askRunningBroker(path, { command: 'flush' })).toMatchObject({ ok: true });
});

it('the control socket of a running broker is never taken over', async () => {
  const socket = await openControlSocket(path, echo);
  onTestFinished(() => socket[Symbol.asyncDispose]());

  await expect(openControlSocket(path, echo)).rejects.toThrow('another running broker');
});

it('a file that is not a socket is never removed for the control socket', async () => {
  await writeFile(path, 'precious');

  await expect(openControlSocket(path, echo)).rejects.toThrow('EADDRINUSE');
});

it('a path that is too long for the control socket is an error that names stateDir', async () => {
  await expect(openControlSocket(join(folder, 'x'.repeat(100)), echo)).rejects.toThrow('shorter stateDir');
});

it('the control socket is removed when it is closed', async () => {
  const socket = await openControlSocket(path, echo);

  await socket[Symbol.asyncDispose]();

  await expect(askRunningBroker(path, { command: 'flush' })).rejects.toThrow('no running broker answers');
});
