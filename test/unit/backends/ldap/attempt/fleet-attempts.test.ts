/** Several brokers with shared counts, in front of a directory that locks accounts. */
import { describe, expect, it } from 'vitest';
import { ACTIVE_DIRECTORY } from '../../../../../src/backends/ldap/attempt/active-directory.ts';
import { ldapConfig } from '../../../../../src/backends/ldap/config/config.ts';
import { createLogin } from '../../../../../src/backends/ldap/login/login.ts';
import type { Directory } from '../../../../../src/backends/ldap/servers/directory.ts';
import { createUserSearch } from '../../../../../src/backends/ldap/users/user-search.ts';
import type { BindAnswer, LdapConnection } from '../../../../../src/backends/ldap/wire/connection.ts';
import type { Reader } from '../../../../../src/backends/ldap/wire/search.ts';
import { RESULT } from '../../../../../src/backends/ldap/wire/result-code.ts';
import type { Authenticator } from '../../../../../src/core/ports.ts';
import { createFingerprint } from '../../../../../src/platform/fingerprint.ts';
import { memoryLedger } from '../../../../../src/platform/ledger/memory.ts';
import { fixedClock, recordingLog } from '../../../../support/fakes.ts';
import { entryOf } from '../../../../support/ldap-entry.ts';
import { logInThrough, testShield, word } from '../../../../support/shielded.ts';
import { waitFor } from '../../../../support/wait.ts';

const ALICE = 'cn=alice,dc=corp';
const RESULT_PARTS = { diagnostic: '', matchedDn: '', referrals: [] };
/** Between 1601 and 1970, in seconds. */
const FILE_TIME = 11_644_473_600;
const LIMIT = 10;
const ENDPOINT = { url: 'ldap://dc', secure: false, host: 'dc', port: 389 };
/** Wrong passwords that lock the account. */
const THRESHOLD = 10;

/**
 * One controller of Active Directory, with one account.
 *
 * @param failures wrong passwords that other programs have sent
 */
function controller(clock: ReturnType<typeof fixedClock>, failures: number) {
  let badPwdCount = failures;
  const held: (() => void)[] = [];
  const world = { binds: 0, holdsBinds: false, afterSearch: async (): Promise<void> => undefined };

  const userEntry = () =>
    entryOf({
      dn: ALICE,
      sAMAccountName: 'alice',
      objectGUID: 'guid of alice',
      badPwdCount: String(badPwdCount),
      badPasswordTime: String(BigInt(clock.now() + FILE_TIME) * 10_000_000n),
    });
  const reader: Reader = {
    search: async ({ base, scope }) => {
      const answer = { code: RESULT.success, ...RESULT_PARTS };
      if (base === '') {
        const root = { dn: '', supportedCapabilities: [ACTIVE_DIRECTORY], defaultNamingContext: 'dc=corp' };
        return { ...answer, entries: [entryOf(root)] };
      }
      if (base === 'dc=corp' && scope === 'base') {
        const policy = { lockoutThreshold: String(THRESHOLD), lockOutObservationWindow: '-18000000000' };
        return { ...answer, entries: [entryOf({ dn: base, ...policy })] };
      }
      const entries = [userEntry()];
      await world.afterSearch();
      return { ...answer, entries };
    },
  };
  const connection: LdapConnection = {
    ...reader,
    endpoint: ENDPOINT,
    bind: async (_dn, password): Promise<BindAnswer> => {
      world.binds += 1;
      if (world.holdsBinds) await new Promise<void>((resolve) => held.push(resolve));
      const isCorrect = password.reveal() === 'correct';
      badPwdCount = isCorrect ? 0 : badPwdCount + 1;
      return { code: isCorrect ? RESULT.success : RESULT.invalidCredentials, ...RESULT_PARTS };
    },
    learnControls: async () => undefined,
    ping: async () => undefined,
    certificate: undefined,
    closed: false,
    [Symbol.dispose]: () => undefined,
  };
  const directory: Directory = {
    withServer: (_deadline, work) =>
      work({ endpoint: ENDPOINT, reader, withBind: (_until, bind) => bind(connection), probe: async () => undefined }),
    retire: () => undefined,
    states: () => [],
    [Symbol.asyncDispose]: async () => undefined,
  };
  return {
    directory,
    world,
    badPwdCount: () => badPwdCount,
    release: (): void => {
      world.holdsBinds = false;
      for (const resolve of held.splice(0)) resolve();
    },
  };
}

/** @param sharesCounts whether the brokers know the counts of each other */
function setUp(failures: number, sharesCounts = true) {
  const clock = fixedClock();
  const domain = controller(clock, failures);
  const config = ldapConfig.parse({
    type: 'ldap',
    name: 'corp',
    preset: 'active-directory',
    urls: ['ldap://127.0.0.1'],
    bind: { dn: 'cn=service,dc=corp', password: { env: 'LDAP_PASSWORD' } },
    users: { base: 'dc=corp' },
    groups: undefined,
  });
  const ledger = { ...memoryLedger({ clock, maxEntries: 1000 }), isShared: sharesCounts };
  const fingerprint = createFingerprint();
  const settings = { maxWrongPerAccount: LIMIT };
  const openBroker = () => {
    const search = createUserSearch(config);
    const login = createLogin({ config, directory: domain.directory, search, clock, log: recordingLog() });
    const backend: Authenticator = {
      name: 'corp',
      type: 'ldap',
      asksGuard: true,
      authenticate: ({ username, password }, deadline, guard) =>
        login.authenticate({ login: username, password, deadline, guard }),
      probe: async () => ({ state: 'up' }),
      [Symbol.asyncDispose]: async () => undefined,
    };
    const shield = testShield({ settings, ledger, fingerprint, clock });
    return async (password: string): Promise<string> => word(await logInThrough(shield, backend, { password }, clock));
  };
  return { ...domain, clock, openBroker };
}

const BROKERS = 6;
const WRONG = 'wrong-password';
const REFUSED = 'too-many-attempts (account)';

/** One guess at each broker, all at the directory at the same time. @returns what the directory counts afterwards */
async function guessEverywhere({ openBroker, world, release, badPwdCount }: ReturnType<typeof setUp>) {
  world.holdsBinds = true;
  const answers = Array.from({ length: BROKERS }, (_, n) => openBroker()(`guess-${n}`));
  let finished = 0;
  for (const answer of answers) void answer.then(() => (finished += 1));
  await waitFor('each login to be sent or refused', () => world.binds + finished === BROKERS);
  release();
  return { words: (await Promise.all(answers)).toSorted(), count: badPwdCount() };
}

describe('attempts of several brokers at one account that other programs have nearly locked', () => {
  it('under way at the same time leave one attempt before the lock, whichever brokers make them', async () => {
    const { words, count } = await guessEverywhere(setUp(THRESHOLD - 4));

    expect(count).toBe(THRESHOLD - 1);
    expect(words).toEqual([...Array(BROKERS - 3).fill(REFUSED), ...Array(3).fill(WRONG)]);
  });

  it('lock the account where the brokers do not share their counts', async () => {
    const { count } = await guessEverywhere(setUp(THRESHOLD - 4, false));

    expect(count).toBeGreaterThanOrEqual(THRESHOLD);
  });

  it('count when they end between the search of another broker and its attempt', async () => {
    const { openBroker, world, badPwdCount, clock } = setUp(THRESHOLD - 2);
    const [first, second] = [openBroker(), openBroker()];
    world.afterSearch = async () => {
      world.afterSearch = async () => undefined;
      await first('guess-1');
      clock.advance(0.1);
    };

    const answer = await second('guess-2');

    expect([answer, badPwdCount()]).toEqual([REFUSED, THRESHOLD - 1]);
  });

  it('do not refuse a correct password when they ended before its search', async () => {
    const { openBroker, clock } = setUp(THRESHOLD - 4);
    const [first, second] = [openBroker(), openBroker()];
    const words = [];
    for (const password of ['guess-1', 'guess-2', 'correct']) {
      clock.advance(1);
      words.push(await (password === 'correct' ? second : first)(password));
    }

    expect(words).toEqual([WRONG, WRONG, 'authenticated']);
  });
});
