/** A directory that several processes ask: it counts logins as directories do, and answers after some milliseconds. */
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { waitFor } from './wait.ts';

export interface CountedDirectory extends AsyncDisposable {
  readonly port: number;
  /** How many logins it was asked about. */
  binds(): number;
  /** The most wrong passwords of one user since the last successful login. */
  mostWrong(): number;
  /** Waits for so many connections, and then lets all of them begin. */
  release(connections: number): Promise<void>;
  /** Calls back when it is asked. */
  onBind(work: () => void): void;
}

/** The correct password of a user. */
export const passwordOf = (user: string): string => `correct-${user}`;

/** @param latencyMs the longest time to an answer */
export async function startCountedDirectory(latencyMs: number): Promise<CountedDirectory> {
  const wrong = new Map<string, number>();
  const sockets = new Set<Socket>();
  let binds = 0;
  let most = 0;
  let notify = (): void => undefined;

  function bind(user: string, password: string): 'correct' | 'wrong' {
    binds += 1;
    notify();
    if (password === passwordOf(user)) {
      wrong.delete(user);
      return 'correct';
    }
    const count = (wrong.get(user) ?? 0) + 1;
    wrong.set(user, count);
    most = Math.max(most, count);
    return 'wrong';
  }

  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    createInterface(socket)
      .on('error', () => undefined)
      .on('line', (line) => {
        const { id, user, password }: Readonly<Record<string, string>> = JSON.parse(line);
        // It counts when the password arrives.
        const answer = bind(user ?? '', password ?? '');
        setTimeout(() => socket.write(`${JSON.stringify({ id, answer })}\n`), Math.random() * latencyMs);
      });
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the directory has no port');

  return {
    port: address.port,
    binds: () => binds,
    mostWrong: () => most,
    release: async (connections) => {
      await waitFor(`${connections} processes to connect`, () => sockets.size >= connections);
      for (const socket of sockets) socket.write('"go"\n');
    },
    onBind: (work) => {
      notify = work;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      await closed.promise;
    },
  };
}
