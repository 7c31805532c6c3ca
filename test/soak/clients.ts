/** The people of the soak: what each asks, and which answers are right. */
import { Pool } from 'undici';
import { claimsOf } from '../support/broker.ts';
import { PEOPLE_DN } from '../support/slapd-entries.ts';

/** A request and the only statuses that are not a wrong answer to it. */
export interface Errand {
  readonly kind: string;
  readonly login?: { readonly user: string; readonly password: string };
  readonly expected: readonly number[];
  /** Whether a wrong password is sent for the same user, which can use up the share of a broker. */
  readonly isBesideWrong?: boolean;
}

export interface Tally {
  /** By kind and status, as `right password 200`. */
  readonly answers: ReadonlyMap<string, number>;
  /** What must never happen, each told once. */
  readonly wrong: readonly string[];
  /** Milliseconds. */
  readonly slowest: number;
}

const OUTAGE = 503;
const LIMITED: readonly number[] = [401, 429];
const PER_DIRECTORY_USER = 200;
const passwordOf = (n: number): string => `binds-with-this-${n}`;
const userOf = (n: number): string => `user-${n}`;

/** Entries for slapd. */
export const LDIF = [...Array(PER_DIRECTORY_USER).keys()]
  .map((n) => {
    const name = userOf(n);
    return `dn: uid=${name},${PEOPLE_DN}\nobjectClass: inetOrgPerson\nuid: ${name}\ncn: ${name}\nsn: x\nuserPassword: ${passwordOf(n)}\n`;
  })
  .join('\n');

export const FILE_USER = { user: 'filed', password: 'stands-in-a-file-3' } as const;

/** The last ten users are only ever guessed at, so that nobody else's right password is held up by it. */
const GUESSED = 10;
export const GUESSED_USERS: readonly string[] = Array.from({ length: GUESSED }, (_, n) =>
  userOf(PER_DIRECTORY_USER - GUESSED + n),
);

/** The first users have an old password in some build server. */
const WITH_OLD_PASSWORD = 20;

/** The correct login of one of the users that nobody sends a wrong password for. */
export function rightLogin(n: number): { readonly user: string; readonly password: string } {
  const at = WITH_OLD_PASSWORD + (n % (PER_DIRECTORY_USER - GUESSED - WITH_OLD_PASSWORD));
  return { user: userOf(at), password: passwordOf(at) };
}

const below = (limit: number): number => Math.floor(Math.random() * limit);

const ERRANDS: readonly (() => Errand)[] = [
  ...Array.from({ length: 5 }, () => () => {
    const n = below(PER_DIRECTORY_USER - GUESSED);
    const login = { user: userOf(n), password: passwordOf(n) };
    return { kind: 'right password', login, expected: [200, OUTAGE], isBesideWrong: n < WITH_OLD_PASSWORD };
  }),
  // One that somebody's build server has kept since it was changed.
  () => {
    const n = below(WITH_OLD_PASSWORD);
    const login = { user: userOf(n), password: `was-${n}` };
    return { kind: 'old password', login, expected: [401, OUTAGE], isBesideWrong: true };
  },
  () => {
    const user = userOf(PER_DIRECTORY_USER - 1 - below(GUESSED));
    return { kind: 'guess', login: { user, password: `guess-${below(1e9)}` }, expected: [401, 429, OUTAGE] };
  },
  () => ({
    kind: 'unknown name',
    login: { user: `nobody-${below(1e6)}`, password: 'whatever-it-is-8' },
    expected: [401, OUTAGE],
  }),
  () => ({ kind: 'anonymous', expected: [200] }),
];
const FILE_ERRAND = (): Errand => ({ kind: 'file user', login: FILE_USER, expected: [200] });

function next(errands: readonly (() => Errand)[]): Errand {
  return (errands[below(errands.length)] as () => Errand)();
}

/** Docker gives a token request 15 s; the broker promises 8 and a moment. */
const TOO_SLOW_MS = 9000;
const PAUSE_MS = 60;

export interface Crowd {
  tally(): Tally;
  /** Settles when everybody has their last answer. */
  goHome(): Promise<void>;
}

/** @param isFleet whether brokers share a store, so that limits are lower while it is down, and have no users in a file */
export function startCrowd(url: string, query: string, size: number, { isFleet = false } = {}): Crowd {
  const errands = isFleet ? ERRANDS : [...ERRANDS, FILE_ERRAND];
  const pool = new Pool(url, { connections: size, pipelining: 1, headersTimeout: 20_000 });
  const answers = new Map<string, number>();
  const wrong = new Set<string>();
  let slowest = 0;
  let isOver = false;

  async function run({ kind, login, expected, isBesideWrong = false }: Errand): Promise<void> {
    const authorization =
      login === undefined ? {} : { authorization: `Basic ${btoa(`${login.user}:${login.password}`)}` };
    const started = performance.now();
    const { statusCode, body } = await pool.request({ path: `/token?${query}`, method: 'GET', headers: authorization });
    const answer = (await body.json()) as { readonly token?: string };
    const took = performance.now() - started;
    slowest = Math.max(slowest, took);
    answers.set(`${kind} ${statusCode}`, (answers.get(`${kind} ${statusCode}`) ?? 0) + 1);
    const isLimited = isFleet && isBesideWrong && LIMITED.includes(statusCode);
    if (!expected.includes(statusCode) && !isLimited) wrong.add(`${kind}: ${statusCode}`);
    if (took > TOO_SLOW_MS) wrong.add(`${kind}: no answer for ${TOO_SLOW_MS} ms`);
    if (statusCode !== 200) return;
    const { sub } = claimsOf(answer.token);
    if (sub !== (login?.user ?? '')) wrong.add(`${kind}: a token for somebody else`);
  }

  const everybody = Array.from({ length: size }, async () => {
    while (!isOver) {
      await run(next(errands)).catch((error: unknown) => wrong.add(`no answer: ${String(error)}`));
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * Math.random() * 2));
    }
  });
  return {
    tally: () => ({ answers, wrong: [...wrong], slowest }),
    goHome: async () => {
      isOver = true;
      await Promise.all(everybody);
      await pool.close();
    },
  };
}
