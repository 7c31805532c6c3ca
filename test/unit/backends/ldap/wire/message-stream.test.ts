import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { TAG, element, text } from '../../../../../src/backends/ldap/wire/ber.ts';
import { MAX_MESSAGE, MessageStream } from '../../../../../src/backends/ldap/wire/message-stream.ts';
import { waitFor } from '../../../../support/wait.ts';

function message(id: number, size = 0): Buffer {
  return element(TAG.sequence, element(TAG.integer, Buffer.of(id)), element(0x64, text('x'.repeat(size))));
}

interface Line extends AsyncDisposable {
  readonly far: Socket;
  readonly stream: MessageStream;
  readonly messages: Buffer[];
}

async function openLine(): Promise<Line> {
  const server = createServer();
  const accepted = Promise.withResolvers<Socket>();
  server.once('connection', accepted.resolve);
  const listening = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', listening.resolve);
  await listening.promise;
  const address = server.address();
  const near = connect(typeof address === 'object' && address !== null ? address.port : 0, '127.0.0.1');
  const far = await accepted.promise;
  far.on('error', () => undefined);
  const stream = new MessageStream(near, 'ldap://test');
  const messages: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => messages.push(chunk));
  return {
    far,
    stream,
    messages,
    [Symbol.asyncDispose]: async () => {
      stream.destroy();
      far.destroy();
      server.close();
    },
  };
}

describe('MessageStream', () => {
  it('emits complete messages one by one, however the bytes arrive', async () => {
    await using line = await openLine();
    const sent = [message(1), message(2, 200), message(3, 70_000), message(4)];

    const bytes = Buffer.concat(sent);
    for (const at of [0, 1, 2, 7, 8, 50, 200, 30_000]) {
      const next = [1, 2, 7, 8, 50, 200, 30_000, bytes.length].find((end) => end > at);
      line.far.write(bytes.subarray(at, next));
      await waitFor('the bytes to arrive', () => line.far.writableLength === 0);
    }
    await waitFor('all messages', () => line.messages.length === sent.length);

    expect(line.messages.map((got, index) => got.equals(sent[index] ?? Buffer.alloc(0)))).toEqual([
      true,
      true,
      true,
      true,
    ]);
  });

  it('accepts a message of the maximum size', async () => {
    await using line = await openLine();
    const sent = message(1, MAX_MESSAGE - 64);

    line.far.write(sent);
    await waitFor('the message', () => line.messages.length === 1);

    expect(line.messages[0]?.length).toBe(sent.length);
  });

  it.each([
    ['a message that is too long', message(1, MAX_MESSAGE)],
    ['bytes that are not a sequence', Buffer.from('HTTP/1.1 200 OK\r\n')],
    ['a message without an id', element(TAG.sequence, text('x'))],
    ['a message that is shorter than its content', Buffer.from('300402010164', 'hex')],
    ['a notice of disconnection', element(TAG.sequence, element(TAG.integer, Buffer.of(0)), element(0x78))],
  ])('closes the connection after %s, and emits nothing', async (_what, bytes) => {
    await using line = await openLine();

    line.far.write(bytes);
    await waitFor('the end', () => line.stream.destroyed);

    expect(line.messages).toEqual([]);
    expect(line.stream.errored).toMatchObject({ name: 'DirectoryFault', kind: 'lost' });
  });

  it('sends an unbind request and closes when it is destroyed', async () => {
    await using line = await openLine();
    const heard: Buffer[] = [];
    line.far.on('data', (chunk: Buffer) => heard.push(chunk));
    let ended = false;
    line.far.on('end', () => (ended = true));

    line.stream.destroy();
    await waitFor('the end', () => ended);

    expect(Buffer.concat(heard).toString('hex')).toBe('300502017f4200');
  });
});
