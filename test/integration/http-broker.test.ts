/** What docker reads when people log in over a web service, with a broker of its own process. */
import { expect, it } from 'vitest';
import { claimsOf, startBroker } from '../support/broker.ts';
import { ASK_WEB } from '../support/static-broker.ts';
import { TEAM_POLICY } from '../support/user-sources.ts';
import { startUserService, USERS } from '../support/user-service.ts';

const ALICE = { user: 'alice', password: USERS.alice.password };
const LOCAL = { user: 'carol', password: 'carol-is-in-the-file' };

it('a broker over a user service gives a token, 401 for a wrong password, 503 during an outage, and asks the next backend about unknown users', async () => {
  await using service = await startUserService();
  await using broker = await startBroker({
    config: {
      services: { 'registry.example.com': { anonymous: 'deny' } },
      policy: 'policy.yaml',
      backends: [
        { name: 'accounts', type: 'http', url: service.url },
        { name: 'local', type: 'static-file', file: 'users.yaml' },
      ],
    },
    files: {
      'policy.yaml': TEAM_POLICY,
      'users.yaml': 'users: { carol: { password: { file: carol.secret }, groups: [team-web] } }',
      'carol.secret': LOCAL.password,
    },
  });

  const correct = await broker.token(ASK_WEB, ALICE);
  expect(correct.status).toBe(200);
  expect(claimsOf(correct.body['token'])).toMatchObject({ sub: 'alice', access: [{ actions: ['pull', 'push'] }] });
  expect((await broker.token(ASK_WEB, { ...ALICE, password: 'not-what-alice-knows' })).status).toBe(401);
  expect((await broker.token(ASK_WEB, LOCAL)).status).toBe(200);

  service.script({ status: 500 });
  const outage = await broker.token(ASK_WEB, { user: 'bob', password: USERS.bob.password });
  expect(outage.status).toBe(503);
  // An outage ends the walk: the next backend is not asked.
  expect((await broker.token(ASK_WEB, { ...LOCAL, password: 'not-what-carol-knows' })).status).toBe(503);

  const line = await broker.waitForLine(({ cause }) => String(cause).includes('answered 500 to request'));
  const ids = service.requests().map(({ headers }) => headers['x-request-id']);
  expect(ids).toContain(/request (\S+)/.exec(String(line['cause']))?.[1]);
});
