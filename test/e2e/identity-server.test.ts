/** Users of a provider that answers as IdentityServer does: from the configuration to a pushed image. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { claimsOf, startBroker } from '../support/broker.ts';
import type { Broker, Login } from '../support/broker.ts';
import { freePort } from '../support/free-port.ts';
import { identityServerUser, startIdentityServer } from '../support/identity-server.ts';
import type { IdentityServer } from '../support/identity-server.ts';
import { writeImage } from '../support/image.ts';
import { findPart } from '../support/parts.ts';
import { DOCKER_REGISTRY, startRegistry } from '../support/registry.ts';
import { noteSecret } from '../support/secrets.ts';
import { SKOPEO, skopeoPull, skopeoPush } from '../support/skopeo.ts';
import { TEAM_POLICY } from '../support/user-sources.ts';

const ONE_ROLE = identityServerUser('alice', 'alice-knows-this-1', 'team-web');
const TWO_ROLES = identityServerUser('bob', 'bob-knows-this-22', ['team-api', 'Domain Users']);
const SEVERAL_WORDS = identityServerUser('carol', 'carol-knows-this-3', 'Domain Users');
const PEOPLE = [ONE_ROLE, TWO_ROLES, SEVERAL_WORDS];

function loginOf({ username, password }: { readonly username: string; readonly password: string }): Login {
  return { user: username, password };
}

function startOver(provider: IdentityServer, service: string): Promise<Broker> {
  noteSecret(provider.clientSecret);
  const { issuer } = provider;
  return startBroker({
    config: {
      services: { [service]: { anonymous: 'deny' } },
      policy: 'policy.yaml',
      backends: [
        { name: 'jobs', type: 'oidc-token', issuer, audience: 'registry.example.com', bound: 'everyone' },
        {
          name: 'sso',
          type: 'oidc-password',
          preset: 'identityserver',
          issuer,
          client: { id: 'registry', secret: { file: 'client-secret' } },
          scope: 'openid profile email',
          claims: { username: 'email', trustEmail: true },
        },
      ],
    },
    files: { 'client-secret': provider.clientSecret, 'policy.yaml': TEAM_POLICY },
  });
}

describe.skipIf(findPart(DOCKER_REGISTRY) === undefined || findPart(SKOPEO) === undefined)(
  'a broker over a provider like IdentityServer',
  () => {
    it.each(['list', 'text'] as const)(
      'lets users push to the repositories of their roles only, with scopes as a %s',
      async (scopes) => {
        const folder = await mkdtemp(join(tmpdir(), 'fairlead-roles-'));
        await using resources = new AsyncDisposableStack();
        resources.defer(() => rm(folder, { recursive: true, force: true }));
        const provider = resources.use(await startIdentityServer({ scopes, people: PEOPLE }));
        const port = await freePort();
        const service = `localhost:${port}`;
        const broker = resources.use(await startOver(provider, service));
        const trust = { realm: broker.realm, service, issuer: 'fairlead', rootCertBundle: broker.certificate };
        const registry = resources.use(await startRegistry({ port, trust }));
        const image = await writeImage(join(folder, 'image'));

        const pushes = [
          await skopeoPush(image, `${registry.host}/web/app:1`, loginOf(ONE_ROLE)),
          await skopeoPush(image, `${registry.host}/api/app:1`, loginOf(TWO_ROLES)),
          await skopeoPush(image, `${registry.host}/api/app:1`, loginOf(ONE_ROLE)),
          await skopeoPush(image, `${registry.host}/web/app:1`, loginOf(SEVERAL_WORDS)),
        ];
        const pull = await skopeoPull(`${registry.host}/web/app:1`, join(folder, 'pulled'), loginOf(ONE_ROLE));
        const wrong = await skopeoPull(`${registry.host}/web/app:1`, join(folder, 'wrong'), {
          user: 'alice',
          password: 'not-what-alice-knows',
        });

        expect(pushes.map(({ code }) => code)).toEqual([0, 0, 1, 1]);
        expect(pull.code).toBe(0);
        expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('wrong user name or password') });
      },
    );

    it('gives the email address as the user name, and refuses an access token as the password', async () => {
      await using provider = await startIdentityServer({ scopes: 'list', people: PEOPLE });
      await using broker = await startOver(provider, 'registry.example.com');
      const scope = 'service=registry.example.com&scope=repository:web/app:pull,push';

      const answer = await broker.token(scope, loginOf(ONE_ROLE));
      const [accessToken = ''] = provider.accessTokens();
      const presented = await broker.token(scope, { user: 'alice', password: accessToken });

      expect(claimsOf(answer.body['token'])['sub']).toBe('alice@example.com');
      expect(accessToken).not.toBe('');
      expect(presented.status).toBe(401);
      expect(await broker.waitForLine(({ event }) => event === 'token.refused')).toMatchObject({
        cause: expect.stringContaining('its header has the type "at+jwt", expected JWT'),
      });
    });
  },
);
