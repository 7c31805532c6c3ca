/** One broker for all presets: each sample is exchanged for a registry token, with keys that are fetched over HTTPS. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { boundText } from '../../src/backends/oidc-token/bound-text.ts';
import { startBroker } from '../support/broker.ts';
import type { Broker } from '../support/broker.ts';
import { presetKeys, SYSTEMS, withClaim } from '../support/preset-tokens.ts';
import { kubernetesClaims } from '../support/ci-claims.ts';
import { createTokenBackend, present } from '../support/token-backend.ts';
import { startTokenIssuer } from '../support/token-issuer.ts';
import type { Claims, TokenIssuer } from '../support/token-issuer.ts';

const SERVICE = 'registry.example.com';

describe('a broker with a backend for every preset', () => {
  const resources = new AsyncDisposableStack();
  let issuer: TokenIssuer;
  let broker: Broker;

  beforeAll(async () => {
    issuer = resources.use(await startTokenIssuer());
    const backends = SYSTEMS.map((preset) => ({
      name: preset.name,
      type: 'oidc-token',
      ...presetKeys(preset),
      ...(parse(boundText(preset, preset.sample).join('\n')) as object),
      keys: { url: issuer.jwksUrl },
      caFile: issuer.caFile,
    }));
    const rules = [{ name: 'all', groups: ['*'], repositories: ['shared/**'], allow: ['pull'] }];
    broker = resources.use(
      await startBroker({
        config: { services: { [SERVICE]: {} }, backends, policy: 'policy.yaml' },
        files: { 'policy.yaml': JSON.stringify({ rules }) },
      }),
    );
  });
  afterAll(() => resources.disposeAsync());

  async function status(claims: Claims): Promise<number> {
    const query = `service=${SERVICE}&scope=repository:shared/base:pull`;
    const authorization = `Basic ${btoa(`ci:${issuer.sign(claims)}`)}`;
    return (await fetch(`${broker.url}/token?${query}`, { headers: { authorization } })).status;
  }

  it.each(SYSTEMS.map((preset) => [preset.name, preset] as const))(
    'issues a token for the sample of %s, and none for another audience or owner',
    async (_name, { sample, bind }) => {
      expect(await status(sample)).toBe(200);
      expect(await status(withClaim(sample, 'aud', 'sts.amazonaws.com'))).toBe(401);
      expect(await status(withClaim(sample, bind[0] ?? '', 'another'))).toBe(401);
    },
  );
});

describe('a broker in a cluster with an issuer of its own', () => {
  const EKS = 'https://oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF';
  const resources = new AsyncDisposableStack();
  let server: TokenIssuer;
  let folder: string;

  beforeAll(async () => {
    server = resources.use(await startTokenIssuer());
    server.requireBearer('token-of-the-broker-77');
    folder = await mkdtemp(join(tmpdir(), 'fairlead-cluster-'));
    resources.defer(() => rm(folder, { recursive: true, force: true }));
  });
  afterAll(() => resources.disposeAsync());

  async function open(iss: string, config: object = {}) {
    const bearerFile = join(folder, 'token');
    await writeFile(bearerFile, server.sign({ iss, sub: 'system:serviceaccount:registry:broker' }));
    const access = { keysUrl: server.jwksUrl, caFile: server.caFile, bearerFile };
    return createTokenBackend({
      config: { preset: 'kubernetes', ...config },
      access,
      bearer: 'token-of-the-broker-77',
    });
  }

  it('accepts the pods of this cluster, with the keys of its API server, and no others', async () => {
    await using backend = await open(EKS);
    const pod = (iss: string) => present(backend, server.sign({ ...kubernetesClaims(), iss }));

    expect(await pod(EKS)).toMatchObject({
      kind: 'authenticated',
      identity: { username: 'system:serviceaccount:team-web:builder' },
    });
    for (const iss of [`${EKS}0`, 'https://kubernetes.default.svc.cluster.local', server.issuer]) {
      expect(await pod(iss)).toEqual({ kind: 'unknown-user' });
    }
  });

  it('refuses to start with the audience of the API server', async () => {
    await expect(open(EKS, { audience: EKS })).rejects.toThrow(`backend ci: audience: found "${EKS}"`);
  });
});

describe('metadata that cannot be used', () => {
  /** An issuer on loopback that answers every request in the same way. */
  async function startAnswers(answer: (issuer: string, response: ServerResponse) => void) {
    const server = createServer((_request: IncomingMessage, response) => answer(issuer, response));
    const { promise, resolve } = Promise.withResolvers<void>();
    server.listen(0, '127.0.0.1', resolve);
    await promise;
    const address = server.address();
    const issuer = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
    return { issuer, [Symbol.asyncDispose]: async () => void server.close() };
  }

  async function problem(answer: (issuer: string, response: ServerResponse) => void) {
    await using server = await startAnswers(answer);
    await using backend = await createTokenBackend({ config: { issuer: server.issuer } });
    await using other = await startTokenIssuer();
    const token = other.sign({ iss: server.issuer, aud: SERVICE, sub: 'job' });
    const text = await present(backend, token).then(JSON.stringify, (error: unknown) => String(error));
    return text.replaceAll(server.issuer, 'ISSUER');
  }

  it('are refused with both issuers, where they name another', async () => {
    const text = await problem((issuer, response) => response.end(JSON.stringify({ issuer: `${issuer}/tenant` })));

    expect(text).toMatch(/the metadata .*ISSUER.* name .*issuer.*"ISSUER\/tenant"/);
  });

  it('are refused with what to do, where they are elsewhere', async () => {
    const text = await problem((issuer, response) => response.writeHead(301, { location: `${issuer}/x` }).end());

    expect(text).toContain('answered 301: redirects are not followed; set ');
  });
});
