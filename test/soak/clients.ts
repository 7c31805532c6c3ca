/** The clients of the soak: what they request, and which answers are correct. */
import { Pool } from 'undici';
import { claimsOf } from '../support/broker.ts';
import { PEOPLE_DN } from '../support/slapd-entries.ts';

/** A request with the statuses that are correct answers. */
export interface ClientRequest {
  readonly kind: string;
  readonly login?: { readonly user: string; readonly password: string };
  readonly expected: readonly number[];
  /** Whether wrong passwords are sent for the same user, which can use up the share of a broker. */
  readonly isAlsoGuessed?: boolean;
}

export interface Tally {
  /** By kind and status, as `correct password 200`. */
  readonly answers: ReadonlyMap<string, number>;
  /** Wrong answers, each once. */
  readonly wrong: readonly string[];
  /** Milliseconds. */
  readonly slowest: number;
}

const OUTAGE = 503;
const LIMITED: readonly number[] = [401, 429];
const USERS = 200;
const passwordOf = (n: number): string => `binds-with-this-${n}`;
const userOf = (n: number): string => `user-${n}`;

/** Entries for slapd. */
export const LDIF = [...Array(USERS).keys()]
  .map((n) => {
    const name = userOf(n);
    return `dn: uid=${name},${PEOPLE_DN}\nobjectClass: inetOrgPerson\nuid: ${name}\ncn: ${name}\nsn: x\nuserPassword: ${passwordOf(n)}\n`;
  })
  .join('\n');

export const FILE_USER = { user: 'filed', password: 'stands-in-a-file-3' } as const;

/** Nobody has the password of the last ten users: guesses at them use up no limit of a correct login. */
const GUESSED = 10;
export const GUESSED_USERS: readonly string[] = Array.from({ length: GUESSED }, (_, n) => userOf(USERS - GUESSED + n));

/** An old password is sent for these first users, too, as by a build server. */
const WITH_OLD_PASSWORD = 20;

/** The correct login of one of the users that nobody sends a wrong password for. */
export function correctLogin(n: number): { readonly user: string; readonly password: string } {
  const at = WITH_OLD_PASSWORD + (n % (USERS - GUESSED - WITH_OLD_PASSWORD));
  return { user: userOf(at), password: passwordOf(at) };
}

const below = (limit: number): number => Math.floor(Math.random() * limit);

const REQUESTS: readonly (() => ClientRequest)[] = [
  ...Array.from({ length: 5 }, () => () => {
    const n = below(USERS - GUESSED);
    const login = { user: userOf(n), password: passwordOf(n) };
    return { kind: 'correct password', login, expected: [200, OUTAGE], isAlsoGuessed: n < WITH_OLD_PASSWORD };
  }),
  () => {
    const n = below(WITH_OLD_PASSWORD);
    const login = { user: userOf(n), password: `was-${n}` };
    return { kind: 'old password', login, expected: [401, OUTAGE], isAlsoGuessed: true };
  },
  () => {
    const user = userOf(USERS - 1 - below(GUESSED));
    return { kind: 'guess', login: { user, password: `guess-${below(1e9)}` }, expected: [401, 429, OUTAGE] };
  },
  () => ({
    kind: 'unknown name',
    login: { user: `nobody-${below(1e6)}`, password: 'whatever-it-is-8' },
    expected: [401, OUTAGE],
  }),
  () => ({ kind: 'anonymous', expected: [200] }),
];
const FILE_REQUEST = (): ClientRequest => ({ kind: 'file user', login: FILE_USER, expected: [200] });

function next(requests: readonly (() => ClientRequest)[]): ClientRequest {
  return (requests[below(requests.length)] as () => ClientRequest)();
}

/** Docker waits 15 s for a token; the broker has 8 s for a login. */
const TOO_SLOW_MS = 9000;
const PAUSE_MS = 60;
const AWAY = 'no answer: broker away';

export interface Clients {
  tally(): Tally;
  /** Resolves when the last answer has arrived. */
  stop(): Promise<void>;
}

export interface ClientsOptions {
  /** Whether brokers share a store, so that limits are lower while it is down, and have no users in a file. */
  readonly isFleet?: boolean;
  /** Whether the broker was killed or frozen at some time since then, so that it need not answer, or not in time. */
  readonly wasAway?: (since: number) => boolean;
}

export function startClients(
  url: string,
  query: string,
  size: number,
  { isFleet = false, wasAway = () => false }: ClientsOptions = {},
): Clients {
  const requests = isFleet ? REQUESTS : [...REQUESTS, FILE_REQUEST];
  const pool = new Pool(url, { connections: size, pipelining: 1, headersTimeout: 20_000 });
  const answers = new Map<string, number>();
  const wrong = new Set<string>();
  let slowest = 0;
  let isOver = false;

  async function run({ kind, login, expected, isAlsoGuessed = false }: ClientRequest): Promise<void> {
    const authorization =
      login === undefined ? {} : { authorization: `Basic ${btoa(`${login.user}:${login.password}`)}` };
    const started = performance.now();
    const { statusCode, body } = await pool.request({ path: `/token?${query}`, method: 'GET', headers: authorization });
    const answer = (await body.json()) as { readonly token?: string };
    const took = performance.now() - started;
    const isTimed = !wasAway(started);
    if (isTimed) slowest = Math.max(slowest, took);
    answers.set(`${kind} ${statusCode}`, (answers.get(`${kind} ${statusCode}`) ?? 0) + 1);
    const isLimited = isFleet && isAlsoGuessed && LIMITED.includes(statusCode);
    if (!expected.includes(statusCode) && !isLimited) wrong.add(`${kind}: ${statusCode}`);
    if (isTimed && took > TOO_SLOW_MS) wrong.add(`${kind}: no answer for ${TOO_SLOW_MS} ms`);
    if (statusCode !== 200) return;
    const { sub } = claimsOf(answer.token);
    if (sub !== (login?.user ?? '')) wrong.add(`${kind}: a token for another user`);
  }

  const loops = Array.from({ length: size }, async () => {
    while (!isOver) {
      const started = performance.now();
      await run(next(requests)).catch((error: unknown) => {
        if (wasAway(started)) answers.set(AWAY, (answers.get(AWAY) ?? 0) + 1);
        else wrong.add(`no answer: ${String(error)}`);
      });
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * Math.random() * 2));
    }
  });
  return {
    tally: () => ({ answers, wrong: [...wrong], slowest }),
    stop: async () => {
      isOver = true;
      await Promise.all(loops);
      await pool.close();
    },
  };
}
