/**
 * Ports for servers whose address others must know before they start, or that must come back to the same one. Where a
 * server can listen on 0 and report the port, let it.
 *
 * The kernel gives the ports from 32768 (Linux) or 49152 (the others) on to every connection that is opened, so one
 * that was free a moment ago may be a client's when the server starts. These lie below, each worker of a test run has a
 * block of its own, and none is given twice: only another program on the machine could come in between.
 */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

const FIRST = 16_384;
const PAST = 32_768;
const BLOCK = 1024;

/** Workers of one run that are at work at the same time count from 1. */
const worker = Number(process.env['VITEST_POOL_ID'] ?? 1) - 1;
const block = FIRST + ((worker * BLOCK) % (PAST - FIRST));
/** Two runs at once begin at different places, so that they seldom ask for the same port at the same moment. */
let next = randomInt(BLOCK);

/** @throws when a whole block has no free port */
export async function freePort(): Promise<number> {
  for (let tried = 0; tried < BLOCK; tried += 1) {
    const port = block + next;
    next = (next + 1) % BLOCK;
    if (await isFree(port)) return port;
  }
  throw new Error(`no port from ${block} to ${block + BLOCK - 1} is free`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const { promise, resolve } = Promise.withResolvers<boolean>();
  server.once('error', () => resolve(false));
  server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  return promise;
}
