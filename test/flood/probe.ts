/**
 * Another client: asks a URL again and again on new connections until its standard input ends, and prints the times.
 *
 * A process of its own, because the flood keeps the event loop of its own process busy.
 */
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { quantile } from '../support/quantile.ts';

const PAUSE_MS = 5;
const TIMEOUT_MS = 15_000;
const url = process.argv[2] ?? '';
const send = url.startsWith('https:') ? requestHttps : requestHttp;

/** Milliseconds until the answer; undefined when there is none. */
async function ask(): Promise<number | undefined> {
  const { promise, resolve } = Promise.withResolvers<number | undefined>();
  const started = performance.now();
  send(url, { agent: false, rejectUnauthorized: false, timeout: TIMEOUT_MS }, (response) => {
    response.resume().on('end', () => resolve(response.statusCode === 200 ? performance.now() - started : undefined));
    response.on('error', () => resolve(undefined));
  })
    .on('timeout', () => resolve(undefined))
    .on('error', () => resolve(undefined))
    .end();
  return promise;
}

// The first requests compile the code.
for (let count = 0; count < 20; count += 1) await ask();
process.stdout.write('ready\n');
let isOver = false;
process.stdin.on('end', () => {
  isOver = true;
});
process.stdin.resume();
const times: number[] = [];
let failures = 0;
do {
  const time = await ask();
  if (time === undefined) failures += 1;
  else times.push(time);
  await delay(PAUSE_MS);
} while (!isOver);
const figures = { probes: times.length, failures, p99: quantile(times, 0.99), max: quantile(times, 1) };
process.stdout.write(`${JSON.stringify(figures)}\n`);
