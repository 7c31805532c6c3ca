/**
 * A process of a fleet: a shield over the store, in front of the directory of a test. It makes the logins of its
 * argument at the same time, and prints what came of them.
 */
import { createConnection } from 'node:net';
import { createInterface } from 'node:readline';
import { deadlineIn } from '../../src/core/deadline.ts';
import { Secret } from '../../src/core/identity.ts';
import type { Authenticator } from '../../src/core/ports.ts';
import { authenticated, REFUSED } from './fake-backend.ts';
import { openMember } from './fleet-member.ts';
import { realClock } from './fakes.ts';
import { addressOf, BUSY } from './valkey.ts';

export interface FleetJob {
  readonly store: number;
  readonly directory: number;
  readonly logins: readonly (readonly [user: string, password: string])[];
  /** Logins begin within this time. */
  readonly spreadMs: number;
  readonly max: number;
  readonly deadlineMs: number;
}

async function main(job: FleetJob): Promise<void> {
  await using member = await openMember({
    address: addressOf(job.store),
    patience: BUSY,
    settings: { maxWrongPerAccount: job.max },
  });
  const { shield, shared } = member;
  const socket = createConnection(job.directory, '127.0.0.1');
  const waiting = new Map<string, (answer: string) => void>();
  const go = Promise.withResolvers<void>();
  createInterface(socket)
    .on('error', () => undefined)
    .on('line', (line) => {
      const message: unknown = JSON.parse(line);
      if (message === 'go') go.resolve();
      else if (isAnswer(message)) waiting.get(message.id)?.(message.answer);
    });
  let last = 0;
  const authenticator: Authenticator = {
    name: 'corp',
    type: 'test',
    authenticate: async ({ username, password }) => {
      const { promise, resolve } = Promise.withResolvers<string>();
      last += 1;
      waiting.set(`${last}`, resolve);
      socket.write(`${JSON.stringify({ id: `${last}`, user: username, password: password.reveal() })}\n`);
      return (await promise) === 'correct' ? authenticated(username) : REFUSED;
    },
    probe: async () => ({ state: 'up' }),
    [Symbol.asyncDispose]: async () => undefined,
  };
  await go.promise;
  let slowest = 0;
  const outcomes: Record<string, number> = {};
  await Promise.all(
    job.logins.map(async ([username, password], n) => {
      await new Promise((resolve) => void setTimeout(resolve, (job.spreadMs * n) / job.logins.length));
      const before = performance.now();
      const login = shield.begin({ username, password: new Secret(password) }, `192.0.${n % 200}.${process.pid % 200}`);
      const outcome = await login.ask(authenticator, deadlineIn(realClock, job.deadlineMs)).then(
        (answer) => answer.outcome,
        () => undefined,
      );
      await login.end(outcome);
      slowest = Math.max(slowest, performance.now() - before);
      const word = outcome?.kind ?? 'failed';
      outcomes[word] = (outcomes[word] ?? 0) + 1;
    }),
  );
  process.stdout.write(`${JSON.stringify({ outcomes, slowest: Math.round(slowest), down: shared.state().down })}\n`);
  socket.destroy();
}

function isAnswer(value: unknown): value is { readonly id: string; readonly answer: string } {
  return typeof value === 'object' && value !== null && 'id' in value && 'answer' in value;
}

if (process.argv[1] === import.meta.filename) await main(JSON.parse(process.argv[2] ?? ''));
