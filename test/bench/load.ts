/**
 * A load of GET requests over keep-alive connections, and what came of it. The requests are written to sockets and only
 * as much of the answers is read as is needed, so that the load takes less time than the server.
 */
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { quantile } from '../support/quantile.ts';

export interface Load {
  /** The path of each request. */
  readonly path: () => string;
  /** The headers of each request. */
  readonly headers?: () => Readonly<Record<string, string>>;
  readonly connections: number;
  /** Requests per second; absent: each connection sends the next request at once. */
  readonly rate?: number;
}

export interface Figures {
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

const END_OF_HEAD = '\r\n\r\n';

/** @throws on any answer that is not 200: a fast refusal is not a figure. */
export async function measure(port: number, load: Load, requests: number): Promise<Figures> {
  const times: number[] = [];
  let sent = 0;
  const connections = await Promise.all(Array.from({ length: load.connections }, () => open(port)));
  const started = performance.now();
  await Promise.all(
    connections.map(async (connection) => {
      while (sent < requests) {
        const due = load.rate === undefined ? 0 : started + (sent * 1000) / load.rate;
        sent += 1;
        const early = due - performance.now();
        if (early > 0) await delay(early);
        const at = performance.now();
        await connection.ask(load.path(), load.headers?.() ?? {});
        times.push(performance.now() - at);
      }
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  for (const { socket } of connections) socket.destroy();
  return { perSecond: requests / seconds, p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
}

interface Connection {
  readonly socket: Socket;
  ask(path: string, headers: Readonly<Record<string, string>>): Promise<void>;
}

async function open(port: number): Promise<Connection> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let received = '';
  let answered = Promise.withResolvers<void>();
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    received += chunk;
    const head = received.indexOf(END_OF_HEAD);
    if (head < 0) return;
    const length = Number(/^content-length: (\d+)/im.exec(received.slice(0, head + 2))?.[1] ?? Number.NaN);
    if (received.length < head + END_OF_HEAD.length + length) return;
    const status = received.slice(9, 12);
    received = '';
    if (status === '200') answered.resolve();
    else answered.reject(new Error(`the server answered ${status}`));
  });
  socket.once('close', () => answered.reject(new Error('the server closed a connection')));
  const connected = Promise.withResolvers<void>();
  socket.once('connect', connected.resolve).once('error', connected.reject);
  await connected.promise;
  return {
    socket,
    ask: (path, headers) => {
      answered = Promise.withResolvers<void>();
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n${lines.join('')}\r\n`);
      return answered.promise;
    },
  };
}
