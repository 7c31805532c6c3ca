import { describe, expect, it } from 'vitest';
import {
  AT_ONCE,
  hashKind,
  hashPassword,
  MAX_WAITING,
  parseHash,
  verifyPassword,
} from '../../../src/backends/password-hash.ts';
import type { PasswordHash } from '../../../src/backends/password-hash.ts';

/** Vectors of others, each from the test suite or manual of an implementation that is not ours. */
const VECTORS = [
  // crypt_blowfish, wrapper.c
  ['bcrypt', 'U*U', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
  ['bcrypt', 'U*U', '$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
  ['bcrypt', 'U*U*', '$2b$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK'],
  // phc-winner-argon2, src/test.c
  ['argon2id', 'password', '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'],
  ['argon2id', 'password', '$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc'],
  // passlib, manual of passlib.hash.scrypt
  ['scrypt', 'password', '$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E'],
] as const;

const BCRYPT_OF_72 = '$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui';
const FIRST_72 = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

function read(text: string): PasswordHash {
  const hash = parseHash(text);
  if (typeof hash === 'string') throw new Error(hash);
  return hash;
}

describe('hashes of other implementations', () => {
  it.each(VECTORS)('verifies %s of %j: %s', async (kind, password, text) => {
    const hash = read(text);

    expect(hashKind(text)).toBe(kind);
    expect(await verifyPassword(password, hash)).toBe(true);
    expect(await verifyPassword(`${password}x`, hash)).toBe(false);
  });

  it.each(VECTORS)('never takes a password with NUL for a shorter one: %s of %j', async (_kind, password, text) => {
    const hash = read(text);

    expect(await verifyPassword(`${password}\0`, hash)).toBe(false);
    // bcrypt repeats the password and its NUL until they fill its key.
    expect(await verifyPassword(`${password}\0${password}`, hash)).toBe(false);
    expect(await verifyPassword('', hash)).toBe(false);
  });

  it('never takes a password of more than 72 bytes for its first 72, where bcrypt would', async () => {
    const hash = read(BCRYPT_OF_72);

    expect(await verifyPassword(`${FIRST_72}chars after 72 are ignored`, hash)).toBe(false);
    expect(await verifyPassword(FIRST_72, hash)).toBe(true);
  });

  it('hashes what it refuses all the same, so that the refusal takes as long', async () => {
    const hash = counting();

    await verifyPassword('with\0NUL', hash);
    await verifyPassword('x'.repeat(100), hash);

    expect(hash.calls()).toBe(2);
  });
});

describe('a new hash', () => {
  it('is an argon2id PHC string that verifies', async () => {
    const text = await hashPassword('correct horse');

    expect(text).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(await verifyPassword('correct horse', read(text))).toBe(true);
    expect(await verifyPassword('correct hors', read(text))).toBe(false);
  });

  it('has a salt of its own each time', async () => {
    expect(await hashPassword('same')).not.toBe(await hashPassword('same'));
  });

  it('distinguishes passwords of more than 72 bytes', async () => {
    const long = 'x'.repeat(100);
    const hash = read(await hashPassword(long));

    expect(await verifyPassword(long, hash)).toBe(true);
    expect(await verifyPassword(long.slice(0, 72), hash)).toBe(false);
  });

  it.each(['', 'a\0b'])('is refused for %j, which no login could match', async (password) => {
    await expect(hashPassword(password)).rejects.toThrow('must not be empty and must not hold NUL');
  });
});

describe('reading a hash', () => {
  const salt = 'c29tZXNhbHQ';
  const digest = 'CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';

  it.each([
    [`$2y$15$${'a'.repeat(53)}`, 'found a bcrypt hash of cost 15, expected a cost from 4 to 14'],
    [`$2y$03$${'a'.repeat(53)}`, 'found a bcrypt hash of cost 3'],
    [
      `$argon2id$v=19$m=4194304,t=1,p=1$${salt}$${digest}`,
      'found an argon2id hash with m=4194304,t=1, expected at most',
    ],
    [`$argon2id$v=19$m=65536,t=1000000000,p=1$${salt}$${digest}`, 'expected at most 256 MiB of memory'],
    [`$argon2id$v=19$m=65536,t=1,p=255$${salt}$${digest}`, 'p from 1 to 16'],
    [`$argon2id$v=19$m=65536,t=0,p=1$${salt}$${digest}`, 'expected t of 1 or more'],
    [`$argon2id$v=19$m=7,t=1,p=1$${salt}$${digest}`, 'm of 8 times p or more'],
    [`$scrypt$ln=31,r=8,p=1$${salt}$${digest}`, 'found a scrypt hash with ln=31,r=8,p=1, expected at most 256 MiB'],
    [`$scrypt$ln=16,r=8,p=16$${salt}$${digest}`, '512 MiB over all passes'],
    [`$scrypt$ln=0,r=8,p=1$${salt}$${digest}`, 'expected ln and r of 1 or more'],
  ])('refuses what would cost too much or is impossible: %s', (text, problem) => {
    expect(parseHash(text)).toContain(problem);
  });

  it.each([
    `$2y$10$${'a'.repeat(52)}`,
    `$2y$10$${'a'.repeat(54)}`,
    `$2y$10$${'a'.repeat(52)}!`,
    `$2y$10$${'a'.repeat(53)}\n`,
    `$argon2id$v=16$m=65536,t=2,p=1$${salt}$${digest}`,
    `$argon2id$m=65536,t=2,p=1$${salt}$${digest}`,
    `$argon2id$v=19$t=2,m=65536,p=1$${salt}$${digest}`,
    `$argon2id$v=19$m=65536,t=2,p=1$${salt}=$${digest}`,
    `$argon2id$v=19$m=65536,t=2,p=1$$${digest}`,
    `$argon2id$v=19$m=65536,t=2,p=1$${salt}$${digest.slice(0, -1)}d`,
    `$scrypt$ln=16,r=8,p=1$${salt}$short`,
  ])('refuses a damaged hash: %j', (text) => {
    expect(parseHash(text)).toMatch(/^found a damaged (bcrypt|argon2id|scrypt) hash, expected \$/);
  });

  it.each(['', 'secret', '$apr1$x$y', '$argon2i$v=19$m=8,t=1,p=1$aaaaaaaaaaa$x', '$2x$05$abc'])(
    'knows no kind of %j and never repeats it',
    (text) => {
      expect(hashKind(text)).toBeUndefined();
      expect(parseHash(text)).toBe('found text that is not a hash, expected a bcrypt, argon2id or scrypt hash');
    },
  );

  it.each(VECTORS)(
    'makes a decoy of the same cost that the password does not fit: %s of %j',
    async (_k, password, text) => {
      const decoy = read(text).decoy();

      expect(decoy.cost).toBe(read(text).cost);
      expect(await verifyPassword(password, decoy)).toBe(false);
    },
  );

  it('keeps salt and digest out of what a log prints', () => {
    expect(JSON.stringify(read(VECTORS[3][2]))).not.toContain('c29tZXNhbHQ');
  });
});

describe('many hashes at once', () => {
  it('computes a few at the same time and all in the end', async () => {
    const hash = counting();

    const results = await Promise.all(Array.from({ length: AT_ONCE * 5 }, () => verifyPassword('x', hash)));

    expect(results).toEqual(Array.from({ length: AT_ONCE * 5 }, () => true));
    expect(hash.atOnce()).toBe(AT_ONCE);
  });

  it('sends away those beyond the queue, and serves those in it', async () => {
    const gate = Promise.withResolvers<boolean>();
    const hash = counting(() => gate.promise);
    const queued = Array.from({ length: AT_ONCE + MAX_WAITING }, () => verifyPassword('x', hash));

    await expect(verifyPassword('x', hash)).rejects.toMatchObject({
      name: 'BrokerError',
      code: 'backend_unavailable',
      retryAfter: 2,
    });
    gate.resolve(true);

    expect(new Set(await Promise.all(queued))).toEqual(new Set([true]));
    expect(await verifyPassword('x', hash)).toBe(true);
  });

  it('lets only the same password before others after a successful login', async () => {
    const hash = counting();
    expect(await verifyPassword('known', hash)).toBe(true);
    const gate = Promise.withResolvers<boolean>();
    const busy = Array.from({ length: AT_ONCE }, () =>
      verifyPassword(
        'busy',
        counting(() => gate.promise),
      ),
    );
    const order: string[] = [];
    const verify = async (password: string): Promise<void> => {
      await verifyPassword(password, hash);
      order.push(password);
    };
    const all = [verify('other'), verify('another'), verify('known')];
    gate.resolve(true);
    await Promise.all([...busy, ...all]);

    expect(order).toEqual(['known', 'other', 'another']);
  });

  it('computes nothing for those whose time was over before their turn', async () => {
    const gate = Promise.withResolvers<boolean>();
    const busy = Array.from({ length: AT_ONCE }, () =>
      verifyPassword(
        'x',
        counting(() => gate.promise),
      ),
    );
    const late = counting();

    const answer = verifyPassword('x', late, { expired: () => true });
    gate.resolve(true);

    await expect(answer).rejects.toMatchObject({ code: 'backend_unavailable' });
    await Promise.all(busy);
    expect(late.calls()).toBe(0);
  });

  it('gives the turn on when a computation fails', async () => {
    const failing = counting(() => Promise.reject(new Error('out of memory')));

    for (let time = 0; time <= AT_ONCE; time += 1) {
      await expect(verifyPassword('x', failing)).rejects.toMatchObject({ code: 'backend_unavailable' });
    }

    expect(await verifyPassword('x', counting())).toBe(true);
  });

  it.each(VECTORS.slice(2))('leaves the event loop free meanwhile: %s of %j', async (_kind, password, text) => {
    let ticks = 0;
    const hash = read(text);
    const timer = setInterval(() => {
      ticks += 1;
    }, 1);
    const until = performance.now() + 5_000;

    // On the event loop, no timer could come between one computation and the next, however many there are.
    while (ticks <= 10 && performance.now() < until)
      await Promise.all([verifyPassword(password, hash), verifyPassword('x', hash)]);
    clearInterval(timer);

    expect(ticks).toBeGreaterThan(10);
  });
});

/** A hash whose computation is the test's own. */
function counting(work: () => Promise<boolean> = () => Promise.resolve(true)) {
  let [calls, running, atOnce] = [0, 0, 0];
  const hash: PasswordHash = {
    kind: 'bcrypt',
    cost: 'counted',
    matches: async () => {
      calls += 1;
      running += 1;
      atOnce = Math.max(atOnce, running);
      try {
        return await work();
      } finally {
        running -= 1;
      }
    },
    mark: () => 'counted',
    decoy: () => hash,
  };
  return { ...hash, calls: () => calls, atOnce: () => atOnce };
}
