import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { TAG, element, text } from '../../../../../src/backends/ldap/wire/ber.ts';
import { MAX_MESSAGE, MessageSocket } from '../../../../../src/backends/ldap/wire/message-socket.ts';
import { ANSWER } from '../../../../../src/backends/ldap/wire/message.ts';
import { waitFor } from '../../../../support/wait.ts';

const RESULT = Buffer.from('0a010004000400', 'hex');

/** A message of this id: an entry, or another operation. */
function message(id: number, size = 0, operation = 0x64): Buffer {
  return element(TAG.sequence, element(TAG.integer, Buffer.of(id)), element(operation, text('x'.repeat(size))));
}

function done(id: number, operation: number = ANSWER.searchDone): Buffer {
  return element(TAG.sequence, element(TAG.integer, Buffer.of(id)), element(operation, RESULT));
}

interface Line extends AsyncDisposable {
  /** The socket of the server. */
  readonly far: Socket;
  readonly near: MessageSocket;
  /** The socket under `near`. */
  readonly socket: Socket;
  /** The entries that have arrived. */
  readonly entries: Buffer[];
  search(): ReturnType<MessageSocket['exchange']>;
  bind(): ReturnType<MessageSocket['exchange']>;
}

async function openLine(): Promise<Line> {
  const server = createServer();
  const accepted = Promise.withResolvers<Socket>();
  server.once('connection', accepted.resolve);
  const listening = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', listening.resolve);
  await listening.promise;
  const address = server.address();
  const socket = connect(typeof address === 'object' && address !== null ? address.port : 0, '127.0.0.1');
  const far = await accepted.promise;
  far.on('error', () => undefined);
  const near = new MessageSocket(socket, 'ldap://test');
  const entries: Buffer[] = [];
  const encode = (id: number): Buffer => message(id, 0, 0x63);
  return {
    far,
    near,
    socket,
    entries,
    search: () => near.exchange({ encode, endsWith: ANSWER.searchDone, onEntry: (entry) => void entries.push(entry) }),
    bind: () => near.exchange({ encode, endsWith: ANSWER.bind }),
    [Symbol.asyncDispose]: async () => {
      near.destroy();
      far.destroy();
      server.close();
    },
  };
}

describe('a message socket', () => {
  it('gives the entries of an answer one by one, however the bytes arrive, and then its result', async () => {
    await using line = await openLine();
    const sent = [message(1), message(1, 200), message(1, 70_000), done(1)];
    const answer = line.search();

    const bytes = Buffer.concat(sent);
    for (const at of [0, 1, 2, 7, 8, 50, 200, 30_000]) {
      const next = [1, 2, 7, 8, 50, 200, 30_000, bytes.length].find((end) => end > at);
      line.far.write(bytes.subarray(at, next));
      await waitFor('the bytes to arrive', () => line.far.writableLength === 0);
    }

    expect(await answer).toMatchObject({ result: { code: 0, diagnostic: '' }, message: done(1) });
    expect(Buffer.concat(line.entries).equals(Buffer.concat(sent.slice(0, 3)))).toBe(true);
  });

  it('needs little memory for a message that arrives byte by byte, as from a server that attacks the broker', async () => {
    await using line = await openLine();
    const search = line.search().catch(() => undefined);
    const big = element(TAG.sequence, Buffer.alloc(1_000_000));
    const before = process.memoryUsage().rss;

    line.socket.emit('data', big.subarray(0, 5));
    // Each has memory of its own, as the record of a TLS connection.
    for (let at = 5; at < 300_000; at += 1) line.socket.emit('data', Buffer.from(new Uint8Array([1]).buffer));

    expect(process.memoryUsage().rss - before).toBeLessThan(70_000_000);
    expect(line.near.destroyed).toBe(false);
    line.near.destroy();
    await search;
  });

  it('accepts a message of the maximum size', async () => {
    await using line = await openLine();
    const sent = message(1, MAX_MESSAGE - 64);
    const answer = line.search();

    line.far.write(Buffer.concat([sent, done(1)]));
    await answer;

    expect(line.entries[0]?.length).toBe(sent.length);
  });

  it('ignores references, and messages with the id of an earlier request', async () => {
    await using line = await openLine();
    const first = line.search();
    line.far.write(done(1));
    await first;
    const second = line.search();

    line.far.write(Buffer.concat([message(1), done(1), message(2, 3), message(2, 0, 0x73), done(2)]));

    expect(await second).toMatchObject({ message: done(2) });
    expect(line.entries).toEqual([message(2, 3)]);
  });

  it.each([
    ['a message that is too long', message(1, MAX_MESSAGE)],
    ['bytes that are not a sequence', Buffer.from('HTTP/1.1 200 OK\r\n')],
    ['a message without an id', element(TAG.sequence, text('x'))],
    ['a message that is shorter than its content', Buffer.from('300402010164', 'hex')],
    ['a notice of disconnection', element(TAG.sequence, element(TAG.integer, Buffer.of(0)), element(0x78))],
    ['a result without a code', message(1, 0, ANSWER.searchDone)],
    ['a result of another operation', done(1, ANSWER.bind)],
    ['a message of another kind', message(1, 0, 0x79)],
  ])('closes the connection after %s, and gives nothing', async (_what, bytes) => {
    await using line = await openLine();
    const answer = line.search();

    line.far.write(bytes);

    await expect(answer).rejects.toMatchObject({ name: 'DirectoryFault', kind: 'lost' });
    expect(line.entries).toEqual([]);
    expect(line.near.destroyed).toBe(true);
    expect(line.near.fault).toMatchObject({ kind: 'lost' });
  });

  it('never takes the successful end of a search for the answer to a bind', async () => {
    await using line = await openLine();
    const answer = line.bind();

    line.far.write(done(1, ANSWER.searchDone));

    await expect(answer).rejects.toMatchObject({ name: 'DirectoryFault', kind: 'lost' });
  });

  it('sends no request before the one before it is answered', async () => {
    await using line = await openLine();
    const first = line.search();

    await expect(line.bind()).rejects.toThrow('not answered');
    line.far.write(done(1));

    expect(await first).toMatchObject({ message: done(1) });
    expect(line.near.requests).toBe(1);
  });

  it('fails a request that waits when the server closes the connection', async () => {
    await using line = await openLine();
    const answer = line.bind();

    line.far.destroy();

    await expect(answer).rejects.toMatchObject({ name: 'DirectoryFault', kind: 'lost' });
  });

  it('sends an unbind request and closes when it is destroyed', async () => {
    await using line = await openLine();
    const heard: Buffer[] = [];
    line.far.on('data', (chunk: Buffer) => heard.push(chunk));
    let ended = false;
    line.far.on('end', () => (ended = true));

    line.near.destroy();
    await waitFor('the end', () => ended);

    expect(Buffer.concat(heard).toString('hex')).toBe('300502017f4200');
  });
});
