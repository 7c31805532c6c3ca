/** A users file before a directory, and a name that both have. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashPassword } from '../../src/backends/password-hash.ts';
import { startBroker } from '../support/broker.ts';
import type { Broker } from '../support/broker.ts';
import { ASK_WEB, STATIC_CONFIG } from '../support/static-broker.ts';
import { DIRECTORY, TEAM_POLICY } from '../support/user-sources.ts';
import type { UserSource } from '../support/user-sources.ts';

const ROBOT = { user: 'bob', password: 'the-robot-in-the-file-1' } as const;

describe.skipIf(!DIRECTORY.isHere())('a name that a users file and the directory behind it have', () => {
  const resources = new AsyncDisposableStack();
  let source: UserSource;
  let broker: Broker;

  beforeAll(async () => {
    source = await DIRECTORY.open(resources);
    const users = { users: { [ROBOT.user]: { password: await hashPassword(ROBOT.password) } } };
    broker = resources.use(
      await startBroker({
        config: { ...STATIC_CONFIG, backends: [...STATIC_CONFIG.backends, source.backend] },
        files: { ...source.files, 'users.yaml': JSON.stringify(users), 'policy.yaml': TEAM_POLICY },
      }),
    );
  });
  afterAll(() => resources.disposeAsync());

  it.each(['bob', 'Bob', ' bob', '\uFF42ob'])('is of the file alone, typed as %j', async (typed) => {
    const { password } = source.people.bob;

    expect((await broker.token(ASK_WEB, { user: typed, password })).status).toBe(401);
  });

  it('lets in whom the file has, and others of the directory', async () => {
    expect((await broker.token(ASK_WEB, ROBOT)).status).toBe(200);
    expect((await broker.token(ASK_WEB, { ...source.people.alice, user: 'Alice' })).status).toBe(200);
  });
});
