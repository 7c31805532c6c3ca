/** Real clients with the token of a robot: what works, and what a person reads in the log of a build that does not. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAIN, startBroker } from '../support/broker.ts';
import type { Broker, Login } from '../support/broker.ts';
import { BUILD_TIMEOUT } from '../support/crane.ts';
import { freePort } from '../support/free-port.ts';
import { findPart } from '../support/parts.ts';
import { run, runOk } from '../support/process.ts';
import { DOCKER_REGISTRY, startRegistry } from '../support/registry.ts';
import { usersYaml } from '../support/static-broker.ts';
import { CLIENTS, noteLogin } from '../support/token-clients.ts';
import type { TokenClient } from '../support/token-clients.ts';

const POLICY = `rules:
  - { name: builds, users: ["robot:web-ci"], repositories: ["**"], allow: [pull, push] }
`;

describe.skipIf(findPart(DOCKER_REGISTRY) === undefined)('with the token of a robot', () => {
  const resources = new AsyncDisposableStack();
  let broker: Broker;
  let host: string;

  beforeAll(async () => {
    const port = await freePort();
    host = `localhost:${port}`;
    broker = resources.use(
      await startBroker({
        config: {
          services: { [host]: {} },
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

  const tokens = (...args: readonly string[]) => [
    MAIN,
    'tokens',
    ...args,
    '--config',
    join(broker.folder, 'broker.yaml'),
  ];

  /** A login of the robot, for `web/**` alone. */
  async function robot(): Promise<Login> {
    const limit = `${host} web/** pull,push`;
    const made = await runOk(
      process.execPath,
      tokens('create', '--robot', 'web-ci', '--by', 'alice', '--limit', limit),
    );
    const login = { user: 'robot:web-ci', password: made.trim() };
    noteLogin(login);
    return login;
  }

  for (const { name, denied, isHere, open } of CLIENTS) {
    describe.skipIf(!isHere())(name, () => {
      let client: TokenClient;

      beforeAll(async () => {
        client = await open(host, resources);
      }, BUILD_TIMEOUT);

      it(`logs in, pushes and pulls, is denied outside the limits, and is refused after the revocation: ${name}`, async () => {
        const login = await robot();
        expect(await client.login(login)).toMatchObject({ code: 0 });

        expect(await client.push(`web/${name}`)).toMatchObject({ code: 0 });
        expect(await client.pull(`web/${name}`)).toMatchObject({ code: 0 });

        const elsewhere = await client.push(`api/${name}`);
        expect(elsewhere.code).not.toBe(0);
        expect(elsewhere.stderr).toContain(denied);

        await run(process.execPath, tokens('revoke', '--user', 'robot:web-ci'));
        const refused = await client.push(`web/${name}-2`);
        expect(refused.code).not.toBe(0);
        expect(refused.stderr).toContain('this token is not accepted; create a new one');
      });
    });
  }
});
