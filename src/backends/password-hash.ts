/**
 * Password hashes: which are accepted, what they cost, and whether a password matches.
 *
 * Every verification computes the hash. Repeated logins are fast because of the shield in front of all backends, which
 * caches successful logins for a short time and limits wrong ones; a second cache here would only keep an old password
 * valid. A queue limits the load: few hashes are computed at a time, some logins wait, and the others get 503.
 */
import { argon2, createHash, createHmac, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createHashQueue } from './hash-queue.ts';

type HashKind = 'bcrypt' | 'argon2id' | 'scrypt';

/** A parsed hash within the limits of memory and time. Salt and digest are not accessible, so that no log prints them. */
export interface PasswordHash {
  readonly kind: HashKind;
  /** The text before the salt, such as `$2y$10`: hashes that share it take the same work. */
  readonly cost: string;
  /** Computes without waiting. `verifyPassword` limits the load and refuses passwords that must not match. */
  matches(password: Buffer): Promise<boolean>;
  /** A text that is different for every other hash, also of the same password, and reveals nothing about this one. */
  mark(): string;
  /** A hash of the same cost that no password matches, for users who do not exist. */
  decoy(): PasswordHash;
}

interface Format {
  /** Groups: `cost`, `salt`, `digest`, and the numbers of the cost in order. */
  readonly pattern: RegExp;
  readonly form: string;
  /** What is wrong with a cost, as `found …, expected …`. */
  readonly problem: (numbers: Numbers) => string | undefined;
  readonly encoding: 'latin1' | 'base64';
  readonly derive: (password: Buffer, salt: Buffer, numbers: Numbers, length: number) => Promise<Buffer>;
}

type Numbers = readonly [number, number, number];

const KIB = 1024;
const MIB = 1024 * KIB;
/** One hash may use this much memory; `AT_ONCE` are computed at the same time. */
const MAX_MEMORY = 256 * MIB;
/** Bytes touched over all passes: about 1.5 s on a small machine, out of the 8 s that a login may take. */
const MAX_WORK = { argon2id: 2048 * MIB, scrypt: 512 * MIB } as const;
const MAX_PARALLELISM = 16;
/** Cost 12 takes 0.4 s on a small machine, and each step doubles it. */
const MAX_BCRYPT_COST = 14;
/** bcrypt ignores all further bytes. */
const BCRYPT_BYTES = 72;

const SALT = '(?<salt>[A-Za-z0-9+/]{11,86})';
const DIGEST = '(?<digest>[A-Za-z0-9+/]{22,86})';

/**
 * Hashes computed at the same time: one for each processor, at most three of the four threads of Node, because files and
 * DNS need one. The limit is one for the process, as the threads are.
 */
export const AT_ONCE = Math.min(availableParallelism(), 3);
/**
 * Logins that wait. Most are for unknown users when there are many, and cost nothing. One that waits for longer than a
 * login may take is refused.
 */
export const MAX_WAITING = 1024;

const queue = createHashQueue({
  atOnce: AT_ONCE,
  maxWaiting: MAX_WAITING,
  now: () => performance.now(),
  sleep: (milliseconds) => sleep(milliseconds),
});
/** For fingerprints of logins, which are not readable outside of this process. */
const FINGERPRINT_KEY = randomBytes(32);

const argon2Async = promisify(argon2);

const FORMATS: Readonly<Record<HashKind, Format>> = {
  bcrypt: {
    pattern: /^(?<cost>\$2[aby]\$(\d\d))\$(?<salt>[./A-Za-z0-9]{22})(?<digest>[./A-Za-z0-9]{31})$/,
    form: '$2y$COST$ and 53 characters',
    problem: ([cost]) =>
      cost >= 4 && cost <= MAX_BCRYPT_COST
        ? undefined
        : `found a bcrypt hash of cost ${cost}, expected a cost from 4 to ${MAX_BCRYPT_COST}`,
    // bcrypt has its own base64, which is compared as it is written.
    encoding: 'latin1',
    derive: async (password, salt, [cost]) => {
      // $2a, $2b and $2y differ for passwords over 72 bytes only, which are refused; the package knows no $2y.
      const settings = `$2b$${String(cost).padStart(2, '0')}$${salt.toString('latin1')}`;
      // Loaded here, because it is a native library and most commands verify no password.
      const { hash } = await import('bcrypt');
      return Buffer.from((await hash(password, settings)).slice(settings.length), 'latin1');
    },
  },
  argon2id: {
    pattern: new RegExp(
      `^(?<cost>\\$argon2id\\$v=19\\$m=(\\d{1,10}),t=(\\d{1,10}),p=(\\d{1,8}))\\$${SALT}\\$${DIGEST}$`,
    ),
    form: '$argon2id$v=19$m=KIB,t=PASSES,p=LANES$SALT$HASH in base64 without padding',
    problem: ([memory, passes, parallelism]) => {
      if (passes < 1 || parallelism < 1 || parallelism > MAX_PARALLELISM || memory < 8 * parallelism) {
        return `found an argon2id hash with m=${memory},t=${passes},p=${parallelism}, expected t of 1 or more, p from 1 to ${MAX_PARALLELISM}, m of 8 times p or more`;
      }
      return costProblem('argon2id', memory * KIB, passes, `m=${memory},t=${passes}`);
    },
    encoding: 'base64',
    derive: (message, nonce, [memory, passes, parallelism], tagLength) =>
      argon2Async('argon2id', { message, nonce, memory, passes, parallelism, tagLength }),
  },
  scrypt: {
    pattern: new RegExp(`^(?<cost>\\$scrypt\\$ln=(\\d{1,2}),r=(\\d{1,3}),p=(\\d{1,3}))\\$${SALT}\\$${DIGEST}$`),
    form: '$scrypt$ln=LOG2N,r=BLOCK,p=LANES$SALT$HASH in base64 without padding',
    problem: ([ln, r, p]) => {
      if (ln < 1 || r < 1 || p < 1 || p > MAX_PARALLELISM) {
        return `found a scrypt hash with ln=${ln},r=${r},p=${p}, expected ln and r of 1 or more, p from 1 to ${MAX_PARALLELISM}`;
      }
      return costProblem('scrypt', 128 * r * 2 ** ln, p, `ln=${ln},r=${r},p=${p}`);
    },
    encoding: 'base64',
    derive: deriveScrypt,
  },
};

/** The kind of a hash, by its prefix; undefined for kinds that are not supported. */
export function hashKind(text: string): HashKind | undefined {
  if (/^\$2[aby]\$/.test(text)) return 'bcrypt';
  if (text.startsWith('$argon2id$')) return 'argon2id';
  return text.startsWith('$scrypt$') ? 'scrypt' : undefined;
}

/**
 * Reads a hash: bcrypt (`$2a$`, `$2b$`, `$2y$`), or argon2id or scrypt as PHC strings.
 *
 * @returns what is wrong, as `found …, expected …` and never with the text itself, when it is no such hash or when
 * verifying it would cost too much memory or time
 */
export function parseHash(text: string): PasswordHash | string {
  const kind = hashKind(text);
  if (kind === undefined) return 'found text that is not a hash, expected a bcrypt, argon2id or scrypt hash';
  const { pattern, form, problem, encoding } = FORMATS[kind];
  const match = pattern.exec(text);
  const [cost, salt, digest] = ['cost', 'salt', 'digest'].map((name) => match?.groups?.[name] ?? '');
  if (cost === undefined || !isExact(salt, encoding) || !isExact(digest, encoding)) {
    return `found a damaged ${kind} hash, expected ${form}`;
  }
  const numbers = [Number(match?.[2]), Number(match?.[3]), Number(match?.[4])] as const;
  return (
    problem(numbers) ?? passwordHash(kind, cost, numbers, Buffer.from(salt, encoding), Buffer.from(digest, encoding))
  );
}

interface VerifyOptions {
  /** The user name as it was typed. */
  readonly username?: string;
  /** Called after the wait, so that nothing is computed for a client that has given up. */
  readonly expired?: () => boolean;
  /** The network of the client. */
  readonly network?: string | undefined;
  /** The hash stands for a user who does not exist. */
  readonly isDecoy?: boolean;
}

/** Whether a password has more bytes than the hash can hold, so that it matches none. */
export function isTooLong(password: string, { kind }: Pick<PasswordHash, 'kind'>): boolean {
  return kind === 'bcrypt' && Buffer.byteLength(password) > BCRYPT_BYTES;
}

/**
 * Whether the password is the one that was hashed.
 *
 * A password with NUL, or with more than 72 bytes for bcrypt, matches no hash: bcrypt and scrypt would take it for a
 * shorter one. `htpasswd` truncates such a password with a warning; that user needs a new hash.
 *
 * @throws BrokerError `backend_unavailable` when too many logins wait, or the time is over
 */
export async function verifyPassword(
  password: string,
  hash: PasswordHash,
  { username, expired = () => false, network, isDecoy = false }: VerifyOptions = {},
): Promise<boolean> {
  const bytes = Buffer.from(password);
  const allowed = bytes.length > 0 && !bytes.includes(0) && !isTooLong(password, hash);
  // A refused password is hashed as well: the time of the answer must not reveal which users exist.
  const login = createHmac('sha256', FINGERPRINT_KEY).update(hash.mark()).update(bytes).digest('base64url');
  const request = { name: username, network, login, isUnknown: isDecoy, expired };
  const fits = (await queue.run(request, () => hash.matches(bytes))) ?? false;
  if (allowed && fits) queue.succeeded(request);
  return allowed && fits;
}

/**
 * A new argon2id hash as a PHC string, with the parameters OWASP recommends (19 MiB, 2 passes, 1 lane): a container
 * with little memory can still compute some at once.
 *
 * @throws Error when the password is empty or holds NUL, which no login could match
 */
export async function hashPassword(password: string): Promise<string> {
  const bytes = Buffer.from(password);
  if (bytes.length === 0 || bytes.includes(0)) throw new Error('a password must not be empty and must not hold NUL');
  const [memory, passes, parallelism] = [19_456, 2, 1] as const;
  const salt = randomBytes(16);
  const digest = await FORMATS.argon2id.derive(bytes, salt, [memory, passes, parallelism], 32);
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${base64(salt)}$${base64(digest)}`;
}

function passwordHash(kind: HashKind, cost: string, numbers: Numbers, salt: Buffer, digest: Buffer): PasswordHash {
  const { derive } = FORMATS[kind];
  return {
    kind,
    cost,
    matches: async (password) => timingSafeEqual(await derive(password, salt, numbers, digest.length), digest),
    mark: () => createHash('sha256').update(cost).update(salt).update(digest).digest('base64url'),
    decoy: () => passwordHash(kind, cost, numbers, randomLike(salt, kind), randomLike(digest, kind)),
  };
}

function randomLike({ length }: Buffer, kind: HashKind): Buffer {
  const bytes = randomBytes(length);
  return kind === 'bcrypt' ? Buffer.from(base64(bytes).replaceAll('+', '.').slice(0, length), 'latin1') : bytes;
}

function costProblem(kind: 'argon2id' | 'scrypt', memory: number, passes: number, found: string): string | undefined {
  if (memory <= MAX_MEMORY && memory * passes <= MAX_WORK[kind]) return undefined;
  return `found ${kind === 'scrypt' ? 'a' : 'an'} ${kind} hash with ${found}, expected at most ${MAX_MEMORY / MIB} MiB of memory and ${MAX_WORK[kind] / MIB} MiB over all passes`;
}

function deriveScrypt(password: Buffer, salt: Buffer, [ln, r, p]: Numbers, length: number): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const N = 2 ** ln;
  scrypt(password, salt, length, { N, r, p, maxmem: 128 * r * (N + p + 2) + MIB }, (error, key) =>
    error === null ? resolve(key) : reject(error),
  );
  return promise;
}

/** Whether the text is base64 as an encoder writes it: no stray bits at the end. */
function isExact(text: string | undefined, encoding: 'latin1' | 'base64'): text is string {
  if (text === undefined || text === '') return false;
  return encoding === 'latin1' || base64(Buffer.from(text, 'base64')) === text;
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '');
}
