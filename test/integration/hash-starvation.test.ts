/** Users of a file log in while strangers keep hundreds of requests with invented names open. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { hashPassword } from '../../src/backends/password-hash.ts';
import { basic, startBroker } from '../support/broker.ts';
import type { Broker } from '../support/broker.ts';
import { ASK_WEB, STATIC_CONFIG } from '../support/static-broker.ts';
import { TEAM_POLICY } from '../support/user-sources.ts';

const USERS = 20;
const STRANGERS = 300;
/** Far above what it takes, because other tests may load the machine. */
const MAX_MS = 15_000;

const resources = new AsyncDisposableStack();
let broker: Broker;
const name = (index: number): string => `user-${index}`;
const password = (index: number): string => `password-of-user-${index}`;

beforeAll(async () => {
  const users = new Map<string, unknown>();
  for (let index = 0; index < USERS; index += 1) {
    users.set(name(index), { password: await hashPassword(password(index)), groups: ['team-web'] });
  }
  broker = resources.use(
    await startBroker({
      config: { ...STATIC_CONFIG, trustedProxies: ['127.0.0.1'], shield: { remember: '0s' } },
      files: { 'users.yaml': JSON.stringify({ users: Object.fromEntries(users) }), 'policy.yaml': TEAM_POLICY },
    }),
  );
}, 60_000);
afterAll(() => resources.disposeAsync());

async function login(user: string, secret: string, address: string): Promise<number> {
  const headers = { ...basic({ user, password: secret }), 'x-forwarded-for': address };
  const response = await fetch(`${broker.url}/token?${ASK_WEB}`, { headers });
  await response.arrayBuffer();
  return response.status;
}

it('300 open requests for invented names from changing networks keep no user out, cold or warm', async () => {
  let isOver = false;
  const refusals = new Map<number, number>();
  const stranger = async (index: number): Promise<void> => {
    for (let count = 0; !isOver; count += 1) {
      const network = `2001:db8:${index.toString(16)}:${(count % 65_536).toString(16)}::1`;
      const status = await login(`invented-${index}-${count}`, 'password-of-nobody', network);
      refusals.set(status, (refusals.get(status) ?? 0) + 1);
    }
  };
  const strangers = Array.from({ length: STRANGERS }, (_, index) => stranger(index));
  while ((refusals.get(401) ?? 0) < STRANGERS) await new Promise((resolve) => setTimeout(resolve, 20));

  const statuses: number[] = [];
  const times: number[] = [];
  for (const round of ['cold', 'warm']) {
    const logins = Array.from({ length: USERS }, async (_, index) => {
      const started = performance.now();
      statuses.push(await login(name(index), password(index), `192.0.2.${index + 1}`));
      times.push(performance.now() - started);
    });
    await Promise.all(logins);
    expect([round, statuses]).toEqual([round, statuses.map(() => 200)]);
  }
  isOver = true;
  await Promise.all(strangers);

  expect(statuses).toHaveLength(2 * USERS);
  expect([...refusals.keys()]).toEqual([401]);
  expect(Math.max(...times)).toBeLessThan(MAX_MS);
});
