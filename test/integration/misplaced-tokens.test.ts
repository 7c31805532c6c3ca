/** A Fairlead token in the wrong field never reaches a directory: the log of slapd shows it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { basic, MAIN, startBroker } from '../support/broker.ts';
import type { Broker } from '../support/broker.ts';
import { FAIRLEAD_TOKENS } from '../support/fairlead-tokens.ts';
import { findPart } from '../support/parts.ts';
import { run } from '../support/process.ts';
import { PEOPLE } from '../support/slapd-entries.ts';
import { LDAPADD, SLAPD, seenBy, startSlapd } from '../support/slapd.ts';
import type { Slapd } from '../support/slapd.ts';
import { ASK_WEB, SERVICE, STATIC_CONFIG } from '../support/static-broker.ts';
import { directoryBackend, TEAM_POLICY } from '../support/user-sources.ts';

const absent = findPart(SLAPD) === undefined || findPart(LDAPADD) === undefined;
const { alice } = PEOPLE;
const NOTHING = { binds: [], searches: [], connections: 0 };
const WRONG = 'a-wrong-password-7';

interface Answer {
  readonly isRefused: boolean;
  readonly text: string;
}

type LogIn = (broker: Broker, user: string, password: string) => Promise<Answer>;

async function read(response: Response): Promise<Answer> {
  return { isRefused: response.status === 401, text: await response.text() };
}

const byBasic: LogIn = async (broker, user, password) =>
  read(await fetch(`${broker.url}/token?${ASK_WEB}`, { headers: basic({ user, password }) }));

const byForm: LogIn = async (broker, username, password) =>
  read(
    await fetch(`${broker.url}/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'password', service: SERVICE, username, password }),
    }),
  );

const byCheck: LogIn = async (broker, user, password) => {
  const config = ['--config', `${broker.folder}/broker.yaml`];
  const { code, stdout } = await run(process.execPath, [MAIN, 'check', '--login', user, ...config], {
    stdin: password,
  });
  return { isRefused: code === 1, text: stdout };
};

describe.skipIf(absent)('a Fairlead token in the wrong field', () => {
  const resources = new AsyncDisposableStack();
  let slapd: Slapd;
  let broker: Broker;
  beforeAll(async () => {
    slapd = resources.use(await startSlapd());
    broker = resources.use(
      await startBroker({
        config: { ...STATIC_CONFIG, backends: [directoryBackend(slapd)] },
        files: { 'ldap.password': slapd.bindPassword, 'policy.yaml': TEAM_POLICY },
      }),
    );
  });
  afterAll(() => resources.disposeAsync());

  it.each([
    ['the Basic header', byBasic],
    ['the password grant', byForm],
    ['check --login', byCheck],
  ])('is refused by %s, and the directory sees nothing of it', async (_way, logIn) => {
    // A pipe ends at its first line, so a token after a line end would be an empty password for `check`.
    const tokens = FAIRLEAD_TOKENS.map(([, text]) => text).filter((text) => !text.trimEnd().includes('\n'));
    const answers: Answer[] = [];

    const seen = await seenBy(slapd, async () => {
      for (const token of tokens) answers.push(await logIn(broker, alice.username, token));
      answers.push(await logIn(broker, tokens[0] ?? '', WRONG));
    });

    expect(seen).toEqual(NOTHING);
    expect(answers).toHaveLength(tokens.length + 1);
    for (const answer of answers) {
      expect(answer).toEqual({ isRefused: true, text: expect.stringContaining('a Fairlead token') });
    }
  });

  it.each([
    ['the Basic header', byBasic],
    ['check --login', byCheck],
  ])('is an exception: the directory sees a wrong password sent by %s', async (way, logIn) => {
    const seen = await seenBy(slapd, async () => {
      const answer = await logIn(broker, alice.username, `${WRONG} of ${way}`);
      expect(answer.isRefused).toBe(true);
    });

    expect(seen.binds).toContain(alice.dn);
  });
});
