/** What a client without an account sees: whole answers to wrong passwords, and every public page before and after. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashPassword } from '../../src/backends/password-hash.ts';
import { basic, startBroker } from '../support/broker.ts';
import type { Broker } from '../support/broker.ts';
import { canRunSlapd, startSlapd } from '../support/slapd.ts';
import { ASK_PUBLIC, ASK_WEB, STATIC_CONFIG } from '../support/static-broker.ts';
import { directoryBackend, TEAM_POLICY } from '../support/user-sources.ts';

const PAGES = [
  '/healthz',
  '/readyz',
  '/metrics',
  '/.well-known/jwks.json',
  '/',
  '/token',
  '/token?service=unknown',
  `/token?${ASK_PUBLIC}`,
  '/debug',
  '/users/user0',
];
/** One of them twice, and more than the limit. */
const PASSWORDS = ['a', 'b', 'a', 'c', 'd', 'e', 'b'].map((letter) => `wrong-${letter}`);
const IN_FILE = Array.from({ length: 10 }, (_, n) => `user${n}`);
const IN_DIRECTORY = canRunSlapd() ? ['alice', 'bob', 'carol'] : [];
const UNKNOWN = Array.from({ length: 10 }, (_, n) => `nobody${n}`);

const resources = new AsyncDisposableStack();
let broker: Broker;

beforeAll(async () => {
  const slapd = canRunSlapd() ? resources.use(await startSlapd()) : undefined;
  const hash = await hashPassword('right-password');
  const users = IN_FILE.map((name, n) => [name, { password: n % 2 === 0 ? hash : { file: 'plain.secret' } }] as const);
  broker = resources.use(
    await startBroker({
      config: {
        ...STATIC_CONFIG,
        trustedProxies: ['127.0.0.1'],
        // A reused token has a second less to live after each second.
        tokens: { reuse: '0s' },
        backends: [...STATIC_CONFIG.backends, ...(slapd === undefined ? [] : [directoryBackend(slapd)])],
      },
      files: {
        'users.yaml': JSON.stringify({ users: Object.fromEntries(users) }),
        'policy.yaml': TEAM_POLICY,
        'plain.secret': 'plain-password',
        ...(slapd === undefined ? {} : { 'ldap.password': slapd.bindPassword }),
      },
    }),
  );
});
afterAll(() => resources.disposeAsync());

/** The whole answer to a client of a proxy, without what is different in each answer. */
async function answerTo(path: string, client: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const response = await fetch(`${broker.url}${path}`, { headers: { ...headers, 'x-forwarded-for': client } });
  const { date: _date, 'x-request-id': id = '', ...others } = Object.fromEntries(response.headers);
  const text = JSON.stringify([response.status, others, await response.text()]);
  // Each anonymous request for a token gets another one.
  return text.replaceAll(id, 'ID').replaceAll(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, 'TOKEN');
}

const pages = (): Promise<readonly string[]> => Promise.all(PAGES.map((page) => answerTo(page, '192.0.2.1')));

async function guess(user: string, client: string): Promise<readonly string[]> {
  const answers: string[] = [];
  for (const password of PASSWORDS)
    answers.push(await answerTo(`/token?${ASK_WEB}`, client, basic({ user, password })));
  return answers;
}

/** @returns the answers to each name, each from a network of its own */
const guessAll = (names: readonly string[], block: number): Promise<readonly (readonly string[])[]> =>
  Promise.all(names.map((name, n) => guess(name, `198.51.${block + n}.1`)));

const operatorMetrics = async (): Promise<string> => (await fetch(`${broker.url}/metrics`)).text();

describe('acceptance 22: a client without an account', () => {
  it('sees equal answers, with equal headers, for 10 users of a file, of a directory and 10 unknown names', async () => {
    const answers = [
      ...(await guessAll(IN_FILE, 0)),
      ...(await guessAll(IN_DIRECTORY, 50)),
      ...(await guessAll(UNKNOWN, 100)),
    ];

    expect(new Set(answers.map((one) => one.join('\n'))).size).toBe(1);
    // The control: the sequence shows the limit of the name.
    expect(answers[0]?.map((one) => JSON.parse(one)[0])).toEqual([401, 401, 401, 401, 401, 429, 401]);
  });

  it('sees no difference on any public page after guesses at known and unknown names, as operators do', async () => {
    const before = await pages();
    const metricsBefore = await operatorMetrics();
    await guessAll(IN_FILE, 150);
    const afterKnown = await pages();
    const metricsAfterKnown = await operatorMetrics();
    await guessAll(UNKNOWN, 200);

    expect(afterKnown).toEqual(before);
    expect(await pages()).toEqual(before);
    // The control: the page for operators shows the outcome of each guess.
    expect(metricsBefore).not.toBe(metricsAfterKnown);
    expect(metricsAfterKnown).toContain('reason="wrong-password"');
  });
});
