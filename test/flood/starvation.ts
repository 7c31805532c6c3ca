/** Users of a file log in while hundreds of requests with invented names are open: `npm run flood -- starvation`. */
import { hashPassword } from '../../src/backends/password-hash.ts';
import { basic, startBroker } from '../support/broker.ts';
import { ASK_WEB, STATIC_CONFIG } from '../support/static-broker.ts';
import { TEAM_POLICY } from '../support/user-sources.ts';
import { startChildProgram } from './child-program.ts';

export interface Starvation {
  /** Milliseconds of logins before the flood: what the hashes take on this machine, with whatever else it does. */
  readonly quiet: readonly number[];
  /** Milliseconds of the first login of each user, and of the next one, which the cache does not answer. */
  readonly cold: readonly number[];
  readonly warm: readonly number[];
  /** The number of answers to users that were not 200. */
  readonly failures: number;
  /** The number of refusals of each status. */
  readonly refusals: Readonly<Record<string, number>>;
}

export const USERS = 20;
const OPEN = 300;

/** @param rounds each with users who have not logged in before */
export async function measureStarvation(rounds: number): Promise<Starvation> {
  const users = Array.from({ length: (rounds + 1) * USERS }, (_, n) => ({
    user: `user-${n}`,
    password: `password-${n}`,
  }));
  const file: Record<string, unknown> = {};
  for (const { user, password } of users) {
    file[user] = { password: await hashPassword(password), groups: ['team-web'] };
  }
  await using broker = await startBroker({
    config: { ...STATIC_CONFIG, trustedProxies: ['127.0.0.1'], shield: { remember: '0s' } },
    files: { 'users.yaml': JSON.stringify({ users: file }), 'policy.yaml': TEAM_POLICY },
  });
  const url = `${broker.url}/token?${ASK_WEB}`;
  let failures = 0;
  /** Logs in the users of one round at once. */
  const logIn = (round: number): Promise<readonly number[]> =>
    Promise.all(
      users.slice(round * USERS, (round + 1) * USERS).map(async (login, n) => {
        const started = performance.now();
        const headers = { ...basic(login), 'x-forwarded-for': `192.0.${round}.${n + 1}` };
        const response = await fetch(url, { headers });
        await response.arrayBuffer();
        if (response.status !== 200) failures += 1;
        return performance.now() - started;
      }),
    );
  const quiet: number[] = [];
  for (let round = 0; round < 3; round += 1) quiet.push(...(await logIn(rounds)));
  const invented = await startChildProgram('invented-names.ts', url, `${OPEN}`);
  const times: { readonly cold: number[]; readonly warm: number[] } = { cold: [], warm: [] };
  for (let round = 0; round < rounds; round += 1) {
    times.cold.push(...(await logIn(round)));
    times.warm.push(...(await logIn(round)));
  }
  return { quiet, ...times, failures, refusals: (await invented.end()) as Readonly<Record<string, number>> };
}
