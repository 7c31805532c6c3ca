/**
 * Refresh tokens in use all the time: each is issued at one broker and used at all of them, and one after the other
 * is revoked at any broker. A revoked token is never accepted again; any other one is accepted, or answered with 503.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { claimsOf } from '../support/broker.ts';
import { exchange, idOf, tokensCommand } from '../support/refresh-tokens.ts';
import { noteSecret } from '../support/secrets.ts';
import { SERVICE } from '../support/static-broker.ts';
import { correctLogin } from './clients.ts';
import type { FleetBroker } from './fleet-broker.ts';
import { createRandom } from '../support/random.ts';

const LOGIN = `service=${SERVICE}&offline_token=true&client_id=docker`;
const SCOPE = 'repository:public/app:pull';
const PAUSE_MS = 150;
const REVOKE_EVERY_MS = 3000;
/** Revoked tokens that are tried again and again. */
const MOST_REVOKED = 200;

interface Holder {
  readonly login: ReturnType<typeof correctLogin>;
  token?: string | undefined;
}

export interface TokenHolders {
  /** By what was done and its status, as `refresh token 200`. */
  readonly answers: ReadonlyMap<string, number>;
  /** What must never happen. */
  readonly wrong: ReadonlySet<string>;
  /** Ends the work. All servers are up: each token in use must be accepted by each broker, and each revoked one refused. */
  stop(): Promise<void>;
}

export function startTokenHolders(brokers: readonly FleetBroker[], count: number): TokenHolders {
  const random = createRandom(count);
  const { answers, wrong, tally, ask } = createTally();
  const holders: Holder[] = Array.from({ length: count }, (_, n) => ({ login: correctLogin(n) }));
  const revoked: string[] = [];
  let isOver = false;

  async function logIn(holder: Holder): Promise<void> {
    const broker = random.oneOf(brokers);
    const answer = await ask(broker, () => broker.current().token(LOGIN, holder.login));
    if (answer === undefined) return;
    tally('login for a refresh token', [200, 503], answer.status);
    const token = answer.body['refresh_token'];
    if (typeof token !== 'string') return;
    noteSecret(token);
    holder.token = token;
  }

  async function use(holder: Holder, token: string, broker: FleetBroker): Promise<void> {
    const answer = await ask(broker, () => exchange(broker, SERVICE, token, SCOPE));
    // Its revocation began before the answer arrived.
    if (answer === undefined || holder.token !== token) return;
    tally('refresh token', [200, 503], answer.status);
    if (answer.status === 200 && claimsOf(answer.body['access_token'])['sub'] !== holder.login.user)
      wrong.add('a refresh token gave a token for another user');
  }

  async function useRevoked(token: string, broker: FleetBroker): Promise<void> {
    const answer = await ask(broker, () => exchange(broker, SERVICE, token, SCOPE));
    if (answer !== undefined) tally('revoked refresh token', [401, 503], answer.status);
  }

  async function revokeOne(): Promise<void> {
    const holder = random.oneOf(holders);
    const { token } = holder;
    if (token === undefined) return;
    // From here on, an answer for it is neither correct nor wrong until the command has succeeded.
    holder.token = undefined;
    const { code, stderr } = await tokensCommand(random.oneOf(brokers).current(), 'revoke', idOf(token));
    // The database has it, and a broker that was not there did not hear of it in time.
    const isIncomplete = stderr.includes('revoked; ');
    tally('revocation', ['done', 'incomplete', 'failed'], code === 0 ? 'done' : isIncomplete ? 'incomplete' : 'failed');
    if (code !== 0 && !isIncomplete) return;
    revoked.push(token);
    if (revoked.length > MOST_REVOKED) revoked.shift();
    await Promise.all(brokers.map((broker) => useRevoked(token, broker)));
  }

  const untilOver = async (work: () => Promise<unknown>, pauseMs: number): Promise<void> => {
    while (!isOver) {
      await work();
      await delay(pauseMs);
    }
  };
  const work = [
    ...holders.map((holder) =>
      untilOver(
        () => (holder.token === undefined ? logIn(holder) : use(holder, holder.token, random.oneOf(brokers))),
        PAUSE_MS * count * 0.2,
      ),
    ),
    untilOver(revokeOne, REVOKE_EVERY_MS),
    untilOver(async () => revoked.length > 0 && useRevoked(random.oneOf(revoked), random.oneOf(brokers)), PAUSE_MS),
  ];
  return {
    answers,
    wrong,
    stop: async () => {
      isOver = true;
      await Promise.all(work);
      const valid = holders.flatMap(({ token }) => (token === undefined ? [] : [token]));
      for (const broker of brokers) {
        const statusOf = async (token: string): Promise<number> =>
          (await exchange(broker, SERVICE, token, SCOPE)).status;
        for (const token of valid) tally('refresh token in the end', [200], await statusOf(token));
        for (const token of revoked) tally('revoked refresh token in the end', [401], await statusOf(token));
      }
    },
  };
}

function createTally() {
  const answers = new Map<string, number>();
  const wrong = new Set<string>();
  return {
    answers,
    wrong,
    /** Counts what was found, which is wrong when it was not expected. */
    tally: (what: string, expected: readonly (number | string)[], found: number | string): void => {
      const name = `${what} ${found}`;
      answers.set(name, (answers.get(name) ?? 0) + 1);
      if (!expected.includes(found)) wrong.add(name);
    },
    /** @returns undefined when the broker was away, and need not answer */
    ask: async <T>(broker: FleetBroker, request: () => Promise<T>): Promise<T | undefined> => {
      const started = performance.now();
      try {
        return await request();
      } catch (error) {
        if (!broker.wasAway(started)) wrong.add(`refresh tokens: no answer: ${String(error)}`);
        return undefined;
      }
    },
  };
}
