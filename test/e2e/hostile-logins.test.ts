/** Wrong, odd and hostile logins: all get the same answer after about the same time, at every kind of backend. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBroker } from '../support/broker.ts';
import type { Broker } from '../support/broker.ts';
import { median } from '../support/quantile.ts';
import { ASK_WEB, STATIC_CONFIG } from '../support/static-broker.ts';
import { DIRECTORY, OPENID_PROVIDER, TEAM_POLICY, USERS_FILE } from '../support/user-sources.ts';
import type { UserSource } from '../support/user-sources.ts';

const WRONG = 'wrong-password-66';
const ROUNDS = 3;
/** The shortest time to a refusal, in milliseconds. */
const FLOOR = 250;
/** Milliseconds by which timers of Node may be early. */
const TIMER_SLACK = 1;

const LOGINS: readonly (readonly [what: string, user: string, password: string])[] = [
  ['a wrong password', 'alice', WRONG],
  ['an unknown user', 'nobody', WRONG],
  ['an empty password', 'alice', ''],
  ['an empty name', '', WRONG],
  ['a star', '*', WRONG],
  ['a prefix and a star', 'ali*', WRONG],
  ['a filter', ')(uid=*', WRONG],
  ['a filter that is complete', 'alice)(|(uid=*', WRONG],
  ['an escaped star', '\\2a', WRONG],
  ['a DN', 'uid=alice,ou=people,dc=example,dc=org', WRONG],
  ['300 characters', 'x'.repeat(300), WRONG],
  ['NUL in the name', 'al\0ice', WRONG],
  ['NUL after the name', 'alice\0', WRONG],
  // A user other than alice, whose attempts are counted in all spellings.
  ['a space before the name', ' carol', WRONG],
  ['a line break', 'alice\r\nbob', WRONG],
];

describe.for([
  ['a users file', USERS_FILE, 'here'],
  ['an LDAP directory', DIRECTORY, 'elsewhere'],
  ['an OpenID provider', OPENID_PROVIDER, 'elsewhere'],
] as const)('hostile logins, with accounts from %s', ([, users, where]) => {
  const resources = new AsyncDisposableStack();
  const isHere = users.isHere();
  let source: UserSource;
  let broker: Broker;

  beforeAll(async () => {
    if (!isHere) return;
    source = await users.open(resources);
    broker = resources.use(
      await startBroker({
        config: { ...STATIC_CONFIG, backends: [source.backend] },
        files: { ...source.files, 'policy.yaml': TEAM_POLICY },
      }),
    );
    // The first login opens connections and discovers providers.
    expect((await broker.token(ASK_WEB, source.people.alice)).status).toBe(200);
  });
  afterAll(() => resources.disposeAsync());

  it.skipIf(!isHere)('are answered with 401 in the same words and at about the same time', async () => {
    const words = new Set<string>();
    /** An empty password says nothing about the account, so its answer may say what is wrong. */
    const wordsOfEmpty = new Set<string>();
    const times: number[] = [];
    /** How many times as long each took as the login before it. */
    const ratios = new Map<string, number[]>();

    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [what, user, password] of LOGINS) {
        // Another password each time, so that no answer comes from the cache.
        const answer = await broker.token(ASK_WEB, { user, password: password === '' ? '' : `${password}${round}` });
        (password === '' ? wordsOfEmpty : words).add(
          `${answer.status} ${JSON.stringify(answer.body).replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'ID')}`,
        );
        const before = times.at(-1) ?? answer.took;
        times.push(answer.took);
        ratios.set(what, [...(ratios.get(what) ?? []), answer.took / before]);
      }
    }

    // All of them take longer after a login that was slow, as on a busy machine: that is one ratio of one kind.
    const medians = Object.fromEntries([...ratios].map(([what, found]) => [what, median(found)]));
    expect([...words]).toEqual([expect.stringMatching(/^401 .*wrong user name or password/)]);
    expect([...wordsOfEmpty]).toEqual([expect.stringMatching(/^401 .*password/)]);
    expect(Math.min(...times)).toBeGreaterThanOrEqual(FLOOR - TIMER_SLACK);
    expect(Math.max(...Object.values(medians)), JSON.stringify(medians)).toBeLessThan(1.5);
    expect(Math.min(...Object.values(medians)), JSON.stringify(medians)).toBeGreaterThan(1 / 1.5);
  });

  if (where === 'here') return;

  it.skipIf(!isHere)('never reach the other server with an empty password, as they do with a wrong one', async () => {
    const { user } = source.people.bob;
    const asked = async (): Promise<number> => (await source.asked?.(user)) ?? Number.NaN;
    const before = await asked();

    const empty = await broker.token(ASK_WEB, { user, password: '' });
    const afterEmpty = await asked();
    const wrong = await broker.token(ASK_WEB, { user, password: WRONG });

    expect([empty.status, wrong.status]).toEqual([401, 401]);
    expect([before, afterEmpty]).toEqual([0, 0]);
    expect(await asked()).toBe(1);
  });
});
