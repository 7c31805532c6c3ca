/** A short run of `npm run fuzz`, and controls that show that each finding would be found. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { fuzzFiles } from '../fuzz/files.ts';
import { mutate } from '../fuzz/mutate.ts';
import { createRandom } from '../support/random.ts';
import { sendRaw } from '../fuzz/raw-request.ts';
import { fuzzRequests, logProblems, requestAt } from '../fuzz/requests.ts';
import { namesIn } from '../fuzz/typed-names.ts';
import { startFuzzWorld } from '../fuzz/world.ts';

const SEED = 20_261_127;

describe('the broker', () => {
  it('answers 3,000 mutated requests without an error of its own, a hang or a secret in the log', async () => {
    await using world = await startFuzzWorld();

    const report = await fuzzRequests(world, { count: 3000, seed: SEED });

    expect(report.failures).toEqual([]);
    expect(report.requests).toBe(3000);
    // Requests reach tokens, refusals and the parser: otherwise nothing would be shown.
    for (const status of [200, 400, 401, 404]) expect(report.statuses.get(status)).toBeGreaterThan(20);
    expect(report.logLines).toBeGreaterThan(100);
  }, 300_000);

  it('reads or refuses 300 mutated configuration and policy files with problems that name the place', async () => {
    const report = await fuzzFiles(300, SEED);

    expect(report.failures).toEqual([]);
    expect(report.taken).toBeGreaterThan(5);
    expect(report.refused).toBeGreaterThan(100);
  }, 120_000);
});

describe('the fuzzer', () => {
  it('makes the same requests for the same seed, and others for another', () => {
    const world = { requests: [Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n')] } as const;
    const run = (seed: number): readonly string[] =>
      Array.from({ length: 50 }, (_, index) => requestAt(world, seed, index).toString('latin1'));

    expect(run(1)).toEqual(run(1));
    expect(run(1)).not.toEqual(run(2));
    expect(new Set(run(1)).size).toBeGreaterThan(30);
  });

  it('leaves some requests as they are, and never makes them endless', () => {
    const whole = Buffer.from('GET / HTTP/1.1\r\n\r\n');
    const made = Array.from({ length: 500 }, (_, seed) => mutate(whole, createRandom(seed)));

    expect(made.some((bytes) => bytes.equals(whole))).toBe(true);
    expect(Math.max(...made.map(({ length }) => length))).toBeLessThanOrEqual(200_000);
  });

  it.each<[string, RequestListener, object]>([
    ['an error', (_request, response) => response.writeHead(500).end(), { statuses: [500], hung: false }],
    ['a hang', () => undefined, { statuses: [], hung: true }],
    ['a connection that is closed', (_request, { socket }) => socket?.destroy(), { statuses: [], hung: false }],
  ])('sees %s', async (_what, listener, expected) => {
    const server = createServer(listener).listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const { port } = server.address() as AddressInfo;
      const answer = await sendRaw(port, Buffer.from('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'), 1000);

      expect(answer).toEqual(expected);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it('sees secrets, lines that are not JSON and unhandled rejections in a log', () => {
    const fine = '{"level":"info","message":"listening"}';
    const problems = logProblems(
      [
        fine,
        'Error: at app.ts',
        '{"user":"alice","cause":"the-refresh-token"}',
        '{"message":"a promise failed unseen"}',
      ],
      ['the-refresh-token', 'elsewhere'],
    );

    expect(logProblems([fine], ['the-refresh-token'])).toEqual([]);
    expect(problems).toEqual([
      'a log line is not JSON: Error: at app.ts',
      expect.stringMatching(/^in the log: the secret the-refr…/),
      expect.stringMatching(/^unhandled rejection/),
    ]);
  });

  it('allows a password as the user in the log only where it was sent as the user name', () => {
    const basic = (text: string): string =>
      `GET /token HTTP/1.1\r\nAuthorization: Basic ${Buffer.from(text).toString('base64')}\r\n\r\n`;
    const form = 'POST /token HTTP/1.1\r\n\r\n5\r\na=b&u\r\n1f\r\nsername=bob+pass-4711&password=x';
    const names = new Set([basic('alice pass-4711:x'), form].flatMap((text) => namesIn(Buffer.from(text))));
    const shown = (user: string): readonly string[] => logProblems([JSON.stringify({ user })], ['pass-4711'], names);

    expect([shown('alice pass-4711'), shown('bob pass-4711')]).toEqual([[], []]);
    expect(shown('pass-4711')).toHaveLength(1);
    expect(
      logProblems([JSON.stringify({ user: 'alice pass-4711', cause: 'pass-4711' })], ['pass-4711'], names),
    ).toEqual([expect.stringMatching(/^in the log: the secret pass-471…/)]);
    expect(namesIn(Buffer.from(basic('alice:pass-4711')))).toEqual(['alice']);
  });

  it('sees exceptions that are not ConfigErrors', async () => {
    const { failures } = await fuzzFiles(3, SEED, async () => {
      throw new TypeError('of the control');
    });

    expect(failures).toHaveLength(3);
    expect(failures[0]).toMatch(/^file 0: TypeError: of the control/);
  });
});
