/** Refusals do not show which names exist, or the state of an account: neither by their sequence nor by their time. */
import { describe, expect, it } from 'vitest';
import { BrokerError } from '../../../src/core/errors.ts';
import { Secret } from '../../../src/core/identity.ts';
import type { RejectReason } from '../../../src/core/ports.ts';
import { createIdentify } from '../../../src/flows/identify.ts';
import type { ShieldSettings } from '../../../src/flows/shield/settings.ts';
import { fakeDirectory } from '../../support/fake-directory.ts';
import type { FakeAccount } from '../../support/fake-directory.ts';
import { fixedClock, noWaiting, recordingAudit } from '../../support/fakes.ts';
import { testShield } from '../../support/shielded.ts';

const STATES: readonly RejectReason[] = ['disabled', 'locked', 'expired', 'must-change-password', 'not-now'];
const KNOWN = Array.from({ length: 10 }, (_, n) => `user${n}`);
const UNKNOWN = Array.from({ length: 10 }, (_, n) => `nobody${n}`);
const SPELLINGS: readonly ((name: string) => string)[] = [
  (name) => name,
  (name) => name.toUpperCase(),
  (name) => `CORP\\${name}`,
  (name) => `${name}@corp.example`,
  (name) => ` ${name} `,
  (name) => `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`,
];
/** Some of them twice, and more than the limit. */
const PASSWORDS = ['a', 'b', 'a', 'c', 'b', 'd', 'e', 'f', 'a', 'g'];

interface Latency {
  /** Milliseconds of each step at the directory. */
  readonly step: () => number;
}

function setUp(latency: Latency = { step: () => 0 }, settings: Partial<ShieldSettings> = {}) {
  const clock = fixedClock();
  const accounts: Record<string, FakeAccount> = {};
  for (const name of KNOWN) accounts[name] = { password: 'right' };
  for (const state of STATES) accounts[state] = { password: 'right', state };
  const pause = async (): Promise<void> => clock.advance(latency.step() / 1000);
  const directory = fakeDirectory({ accounts, pause });
  const file = fakeDirectory({ name: 'file', accounts: { robot: { password: 'right' } }, verifiesPasswords: true });
  const identify = createIdentify({
    backends: [file, directory].map(({ backend }) => ({ authenticator: backend, usernames: undefined })),
    clock,
    timer: { ...noWaiting, sleep: async (ms) => clock.advance(Math.max(0, ms) / 1000) },
    audit: recordingAudit(),
    shield: testShield({ clock, timer: noWaiting, settings, maxEntries: 10_000 }),
  });
  /** What a client sees: the error, and the time. */
  const logIn = async (username: string, password: string, client = '192.0.2.1') => {
    const started = clock.monotonic();
    const answer = await identify({ username, password: new Secret(password) }, { requestId: 'id', client }).catch(
      (error: unknown) => (error instanceof BrokerError ? `${error.code} ${error.retryAfter}` : error),
    );
    return {
      answer: typeof answer === 'string' ? answer : 'authenticated',
      ms: Math.round(clock.monotonic() - started),
    };
  };
  return { clock, directory, logIn };
}

describe('the sequence of answers to wrong passwords', () => {
  const names = [...KNOWN, ...UNKNOWN, ...STATES, 'robot', 'ghost'];

  /** @param settings without limits of an address, unless they are given */
  async function sequence(
    name: string,
    client: (n: number) => string,
    settings: Partial<ShieldSettings> = {},
  ): Promise<string> {
    const { clock, logIn } = setUp(undefined, settings);
    const answers: string[] = [];
    for (const [n, password] of PASSWORDS.entries()) {
      const typed = SPELLINGS[n % SPELLINGS.length]?.(name) ?? name;
      answers.push((await logIn(typed, password, client(n))).answer);
      clock.advance(7);
    }
    return answers.join(', ');
  }

  it.each<[string, (n: number) => string]>([
    ['one network', () => '192.0.2.1'],
    ['two networks in turn', (n) => `192.0.${n % 2}.1`],
    ['two networks, the second after the first', (n) => `192.0.${n < 6 ? 1 : 2}.1`],
    ['a proxy on this machine', () => '127.0.0.1'],
  ])('is the same for every name, state and spelling, from %s', async (_what, client) => {
    const sequences = new Map<string, string[]>();
    for (const name of names) {
      const answers = await sequence(name, client);
      sequences.set(answers, [...(sequences.get(answers) ?? []), name]);
    }

    expect([...sequences.values()]).toEqual([names]);
  });

  it.each([2, 3])('is the same for every name, state and spelling where an address may have %i', async (limit) => {
    const sequences = new Set<string>();
    for (const name of names) {
      sequences.add(await sequence(name, (n) => `192.0.2.${n % 2}`, { maxWrongPerAddress: limit }));
    }

    expect(sequences.size).toBe(1);
    // The control: the limit of an address changes the answers.
    expect([...sequences]).not.toContain(await sequence('nobody1', (n) => `192.0.2.${n % 2}`));
  });

  it('ends with 429 for each name from one network, after the limit of different passwords', async () => {
    const answers = await sequence('nobody1', () => '192.0.2.1');

    const [wrong, full] = ['invalid_credentials undefined', 'too_many_attempts 300'];
    // The fifth different password is refused; a password that was refused before is still only wrong.
    expect(answers).toBe([wrong, wrong, wrong, wrong, wrong, wrong, full, full, wrong, full].join(', '));
  });

  it('is the same after 31 s, when the cache still has wrong passwords, and no unknown users', async () => {
    const sequences = new Set<string>();
    for (const name of names) {
      const { clock, logIn } = setUp();
      const answers: string[] = [];
      for (const [n, password] of PASSWORDS.entries()) {
        answers.push((await logIn(name, password, `192.0.${n % 3}.1`)).answer);
        clock.advance(31);
      }
      sequences.add(answers.join(', '));
    }

    expect(sequences.size).toBe(1);
  });
});

describe('the time of a refusal', () => {
  /** Numbers between 0 and 1 that are the same in each run. */
  function randomNumbers(): () => number {
    let state = 1;
    return () => {
      state = (state * 48_271) % 2_147_483_647;
      return state / 2_147_483_647;
    };
  }

  /** How often the best threshold of one half of the times classifies the other half correctly; 0.5 is chance. */
  function accuracy(known: readonly number[], unknown: readonly number[]): number {
    const half = known.length / 2;
    const rate = (limit: number, from: number, to: number): number => {
      const right = known.slice(from, to).filter((ms) => ms > limit).length;
      return (right + unknown.slice(from, to).filter((ms) => ms <= limit).length) / (2 * (to - from));
    };
    const limits = [...known, ...unknown];
    const best = limits.reduce((found, limit) => (rate(limit, 0, half) > rate(found, 0, half) ? limit : found), -1);
    return rate(best, half, known.length);
  }

  async function timesOf(names: readonly string[], step: number): Promise<readonly number[][]> {
    const random = randomNumbers();
    const { logIn } = setUp({ step: () => step * (0.8 + 0.4 * random()) });
    const times: number[][] = names.map(() => []);
    for (let n = 0; n < 60; n += 1) {
      for (const [index, name] of names.entries()) {
        // Each login has a name or a network of its own, so that no limit is reached; a third is repeated.
        const client = `10.${index}.${n}.1`;
        times[index]?.push((await logIn(name, `guess-${n}`, client)).ms);
        if (n % 3 === 0) times[index]?.push((await logIn(name, `guess-${n}`, client)).ms);
      }
    }
    return times;
  }

  it.each([
    ['next door', 1],
    ['140 ms away', 140],
    ['700 ms away', 700],
  ])(
    'does not distinguish a known user from an unknown or a disabled one, with a directory %s',
    async (_what, step) => {
      const [known = [], unknown = [], disabled = []] = await timesOf(['user1', 'nobody1', 'disabled'], step);

      for (const other of [unknown, disabled]) {
        expect(accuracy(known, other)).toBeGreaterThanOrEqual(0.45);
        expect(accuracy(known, other)).toBeLessThanOrEqual(0.55);
      }
    },
  );

  it('would distinguish them with a fixed time of 250 ms and a directory 140 ms away', () => {
    const random = randomNumbers();
    const after = (steps: number): number[] =>
      Array.from({ length: 60 }, () => Math.max(250, steps * 140 * (0.8 + 0.4 * random())));

    expect(accuracy(after(3), after(1))).toBeGreaterThan(0.95);
  });
});
