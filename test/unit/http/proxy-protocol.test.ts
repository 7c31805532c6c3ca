/** The address of the client from the PROXY protocol, on real connections with and without TLS. */
import { connect as connectTls } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { parseProxyHeader } from '../../../src/http/proxy-protocol.ts';
import { openListener } from '../../support/listener.ts';
import type { Client } from '../../support/listener.ts';
import { waitFor } from '../../support/wait.ts';

const REQUEST = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
const V1 = 'PROXY TCP4 192.0.2.7 198.51.100.1 4711 443\r\n';
const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');

function v2(command: number, family: number, body: Uint8Array): Buffer {
  const size = Buffer.alloc(2);
  size.writeUInt16BE(body.length);
  return Buffer.concat([SIGNATURE, Buffer.from([command, family]), size, body]);
}

const V2_IPV4 = v2(0x21, 0x11, Buffer.from([192, 0, 2, 7, 198, 51, 100, 1, 0x12, 0x67, 1, 0xbb]));
const V2_IPV6 = v2(
  0x21,
  0x21,
  Buffer.concat([Buffer.from('20010db8000000000000000000000001', 'hex'), Buffer.alloc(20)]),
);
const V2_LOCAL = v2(0x20, 0, Buffer.alloc(0));
const V2_UNSPEC = v2(0x21, 0, Buffer.alloc(0));

describe('the header of the PROXY protocol', () => {
  it.each<[string, string | Buffer, string | undefined]>([
    ['version 1, IPv4', V1, '192.0.2.7'],
    ['version 1, IPv6', 'PROXY TCP6 2001:db8::1 2001:db8::2 1 2\r\n', '2001:db8::1'],
    ['version 1, a client whose address the proxy does not know', 'PROXY UNKNOWN\r\n', 'unknown'],
    ['version 1, the same with addresses', 'PROXY UNKNOWN 192.0.2.7 198.51.100.1 1 2\r\n', 'unknown'],
    ['version 2, IPv4', V2_IPV4, '192.0.2.7'],
    ['version 2, IPv6', V2_IPV6, '2001:db8:0:0:0:0:0:1'],
    ['version 2, IPv4 with an extension', v2(0x21, 0x11, Buffer.alloc(20, 9)), '9.9.9.9'],
    ['version 2, a client of another family', V2_UNSPEC, 'unknown'],
    ['version 2, a client of a Unix socket', v2(0x21, 0x31, Buffer.alloc(216)), 'unknown'],
    ['version 2, a connection of the proxy itself', V2_LOCAL, undefined],
    ['version 2, the same with addresses', v2(0x20, 0x11, Buffer.alloc(12, 9)), undefined],
  ])('is read: %s, and any part of it is not enough', (_what, text, client) => {
    const bytes = Buffer.from(text);

    expect(parseProxyHeader(Buffer.concat([bytes, Buffer.from(REQUEST)]))).toEqual({ client, length: bytes.length });
    for (let length = 0; length < bytes.length; length++) {
      expect(parseProxyHeader(bytes.subarray(0, length))).toBeUndefined();
    }
  });

  it.each<[string, string | Buffer]>([
    ['a request', REQUEST],
    ['an address of the other family', 'PROXY TCP6 192.0.2.7 198.51.100.1 1 2\r\n'],
    ['no address', 'PROXY TCP4 host 198.51.100.1 1 2\r\n'],
    ['a line that is too long', `PROXY TCP4 ${'1'.repeat(200)}`],
    ['an unknown command', v2(0x22, 0x11, Buffer.alloc(12))],
    ['a body that is too long', v2(0x21, 0x11, Buffer.alloc(5000))],
    ['a body that is too short', v2(0x21, 0x11, Buffer.alloc(4))],
  ])('is refused: %s', (_what, text) => {
    expect(parseProxyHeader(Buffer.from(text))).toBe('malformed');
  });
});

describe('a listener whose proxies send the PROXY protocol', () => {
  const open = (isTrusted: boolean, tls = false) =>
    openListener((request, response) => void response.end(`client ${request.socket.remoteAddress}`), {
      tls,
      sendsProxyHeader: () => isTrusted,
    });

  it.each<[string, readonly (string | Buffer)[], string]>([
    ['version 1', [V1, REQUEST], '192.0.2.7'],
    ['version 1 and the request in one packet', [V1 + REQUEST], '192.0.2.7'],
    ['version 1 in pieces', ['PRO', 'XY TCP4 192.0.2.7 198.51.100.1 4711 443\r', `\n${REQUEST}`], '192.0.2.7'],
    ['version 2', [Buffer.concat([V2_IPV4, Buffer.from(REQUEST)])], '192.0.2.7'],
    ['a connection of the proxy itself', [V2_LOCAL, REQUEST], '127.0.0.1'],
    ['not that of the proxy for a client that the proxy does not know', [V2_UNSPEC, REQUEST], 'unknown'],
  ])('has the address of the client: %s', async (_what, packets, client) => {
    await using server = await open(true);
    await using connection = await server.connect();

    for (const packet of packets) {
      connection.send(packet);
      // Separate packets.
      await new Promise((resolve) => void setImmediate(resolve));
    }

    await waitFor('the answer', () => connection.text().includes(`client ${client}`));
  });

  it('has the address of the client behind TLS, for each request of a connection', async () => {
    await using server = await open(true, true);
    await using connection = await server.connect();
    connection.send(V1);
    let text = '';
    const secure = connectTls({ socket: connection.socket, rejectUnauthorized: false }, () => {
      secure.write(`${REQUEST.replace('Connection: close\r\n', '')}${REQUEST}`);
    });
    secure.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });

    await waitFor('both answers', () => text.split('client 192.0.2.7').length === 3);
    secure.destroy();
  });

  it('has the address of each client behind TLS when the proxy uses one port for two addresses of the broker', async () => {
    await using server = await openListener(
      (request, response) => void response.end(`client ${request.socket.remoteAddress}`),
      { tls: true, host: '0.0.0.0', sendsProxyHeader: () => true },
    );
    await using first = await server.connect({ host: '127.0.0.1', localAddress: '127.0.0.1' });
    const { localPort = 0 } = first.socket;
    await using second = await server.connect({ host: '127.0.0.2', localAddress: '127.0.0.1', localPort });
    first.send(V1);
    second.send(V1.replace('192.0.2.7', '192.0.2.8'));

    const texts = [await askOverTls(first), await askOverTls(second)];

    expect(texts.map((text) => /client .*/.exec(text)?.[0])).toEqual(['client 192.0.2.7', 'client 192.0.2.8']);
  });

  it('closes a connection of a proxy that sends no header', async () => {
    await using server = await open(true);
    await using connection = await server.connect();

    connection.send(REQUEST);

    await waitFor('the end', () => connection.isClosed());
    expect(connection.text()).toBe('');
  });

  it('closes a connection of a proxy that sends nothing', async () => {
    await using server = await openListener((_request, response) => void response.end(), {
      sendsProxyHeader: () => true,
      handshakeMs: 50,
    });
    await using connection = await server.connect();

    await waitFor('the end', () => connection.isClosed());
  });

  it('accepts no header from a peer that is not trusted, and serves its requests', async () => {
    await using server = await open(false);
    await using forging = await server.connect();
    await using honest = await server.connect();

    forging.send(V1 + REQUEST);
    honest.send(REQUEST);

    await waitFor('both answers', () => honest.text().includes('client 127.0.0.1') && forging.text().includes('400'));
    expect(forging.text()).not.toContain('192.0.2.7');
  });
});

/** Sends a request over TLS on a connection that is open, and returns what arrives until its end. */
async function askOverTls({ socket }: Client): Promise<string> {
  const end = Promise.withResolvers<string>();
  let text = '';
  const secure = connectTls({ socket, rejectUnauthorized: false }, () => void secure.write(REQUEST));
  secure.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  secure.on('end', () => end.resolve(text)).on('error', end.reject);
  return end.promise;
}
