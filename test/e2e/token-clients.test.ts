/** Real clients with personal tokens and with the tokens of robots: what works, and what the user reads where it does not. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBroker } from '../support/broker.ts';
import type { Broker, Login } from '../support/broker.ts';
import { askBroker } from '../support/broker-api.ts';
import { pageText, printed } from '../support/compatibility-page.ts';
import { BUILD_TIMEOUT } from '../support/crane.ts';
import { freePort } from '../support/free-port.ts';
import { findPart } from '../support/parts.ts';
import type { Result } from '../support/process.ts';
import { DOCKER_REGISTRY, startRegistry } from '../support/registry.ts';
import { usersYaml } from '../support/static-broker.ts';
import type { TokenClient } from '../support/token-client.ts';
import { CLIENTS, noteLogin } from '../support/token-clients.ts';

const POLICY = `rules:
  - { name: all, users: [alice, "robot:web-ci"], repositories: ["**"], allow: [pull, push] }
`;
const OWNERS = [
  { what: 'a personal token', user: 'alice', robot: undefined },
  { what: 'the token of a robot', user: 'robot:web-ci', robot: 'web-ci' },
] as const;

describe.skipIf(findPart(DOCKER_REGISTRY) === undefined)('a token that is limited to a part of a registry', () => {
  const resources = new AsyncDisposableStack();
  let broker: Broker;
  let host: string;

  beforeAll(async () => {
    const port = await freePort();
    host = `localhost:${port}`;
    broker = resources.use(
      await startBroker({
        config: {
          services: { [host]: { refreshTokens: {} } },
          personalTokens: {},
          robots: { 'web-ci': { owner: { groups: ['team-web'] } } },
          backends: [{ name: 'local', type: 'static-file', file: 'users.yaml' }],
          policy: 'policy.yaml',
        },
        files: { 'policy.yaml': POLICY, 'users.yaml': await usersYaml() },
      }),
    );
    const trust = { realm: broker.realm, service: host, issuer: 'fairlead', rootCertBundle: broker.certificate };
    resources.use(await startRegistry({ port, trust }));
  });
  afterAll(() => resources.disposeAsync());

  /** A login with a token for `web/**` alone, and what revokes it. */
  async function limitedLogin({ user, robot }: (typeof OWNERS)[number]) {
    const { token, personalToken } = await askBroker(broker, 'createPersonalToken', {
      user: 'alice',
      name: 'test',
      ...(robot === undefined ? {} : { robot }),
      limits: [{ service: host, repositories: ['web/**'], actions: ['pull', 'push'] }],
    });
    const login: Login = { user, password: token };
    noteLogin(login);
    return { login, revoke: () => askBroker(broker, 'revokeTokens', { ids: [personalToken.id] }) };
  }

  for (const { name, isHere, open, refusesColons = false } of CLIENTS) {
    describe.skipIf(!isHere())(name, () => {
      let client: TokenClient;

      beforeAll(async () => {
        client = await open(host, resources);
      }, BUILD_TIMEOUT);

      /** A cell without a text is that of a client that reports nothing. */
      async function expectPageText(situation: string, result: Result): Promise<void> {
        const text = await pageText(name, situation);
        expect(result.code === 0).toBe(text === undefined);
        expect(printed(result)).toContain(text ?? '');
      }

      it.each(OWNERS)(
        `${name} logs in with $what, pushes and pulls, is denied outside the limits, and is refused after the revocation`,
        async (owner) => {
          const { login: ownLogin, revoke } = await limitedLogin(owner);
          const isRefused = refusesColons && owner.robot !== undefined;
          const login = isRefused ? { ...ownLogin, user: owner.robot } : ownLogin;
          const repository = `web/${name}-${owner.robot ?? owner.user}`;

          if (isRefused)
            expect((await client.login(ownLogin)).stderr).toContain('colons(:) are not allowed in username');
          expect(await client.login(login)).toMatchObject({ code: 0 });
          expect(await client.push(repository)).toMatchObject({ code: 0 });
          expect(await client.pull(repository)).toMatchObject({ code: 0 });
          await expectPageText('push outside the limits', await client.push(`api/${name}`));

          await revoke();
          await expectPageText('pull after the revocation', await client.pull(repository));
          await expectPageText('login after the revocation', await client.login(login));
        },
      );
    });
  }
});
