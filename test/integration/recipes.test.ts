/** The recipes for systems that cannot run here, with tokens as their documentation describes them. */
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { AUDIENCE, githubClaims, gitlabClaims, kubernetesClaims } from '../support/ci-claims.ts';
import { startOpenIdProvider } from '../support/openid-provider.ts';
import { findPart } from '../support/parts.ts';
import { runOk } from '../support/process.ts';
import { startRecipeBroker } from '../support/recipe-broker.ts';
import { recipeTexts } from '../support/recipes.ts';
import { openHome } from '../support/helper-host.ts';
import { startTokenIssuer } from '../support/token-issuer.ts';

const isHere = ['curl', 'jq'].every((program) => findPart({ program, debian: program }) !== undefined);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-recipes-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Puts a program first in PATH that records its arguments, and its standard input when that is a password. */
async function plant(program: string): Promise<void> {
  const path = join(folder, program);
  const lines = [
    '#!/bin/sh',
    `printf '%s\\n' "$*" >>'${folder}/calls'`,
    `case "$*" in *--password-stdin) cat >'${folder}/password' ;; esac`,
  ];
  await writeFile(path, `${lines.join('\n')}\n`);
  await chmod(path, 0o755);
}

function runScript(shell: string, script: string, env: Readonly<Record<string, string>>): Promise<string> {
  const path = `${folder}${delimiter}${process.env['PATH'] ?? ''}`;
  return runOk(shell, ['-e', '-c', script], { env: { ...process.env, ...env, PATH: path } });
}

const recorded = async (name: 'calls' | 'password'): Promise<string> =>
  (await readFile(join(folder, name), 'utf8')).trimEnd();

/** The repository of the image in the line that pushes it. */
async function pushed(): Promise<string> {
  const [, repository = ''] = /^push registry\.example\.com\/(.+):\w+$/m.exec(await recorded('calls')) ?? [];
  return repository;
}

describe.skipIf(!isHere)('the recipe for GitHub Actions', () => {
  /** The service that gives a job its tokens, as GitHub describes it. */
  async function startTokenService(sign: (audience: string) => string) {
    const server = createServer((request, response) => {
      const { searchParams } = new URL(request.url ?? '', 'http://127.0.0.1');
      const isAllowed = request.headers.authorization === 'bearer token-of-the-job';
      response.statusCode = isAllowed ? 200 : 401;
      response.end(JSON.stringify(isAllowed ? { value: sign(searchParams.get('audience') ?? '') } : {}));
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    server.listen(0, '127.0.0.1', resolve);
    await promise;
    const address = server.address();
    return {
      url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/?api-version=2.0`,
      [Symbol.dispose]: () => void server.close(),
    };
  }

  it('has a workflow whose token lets it push to the namespace of its repository only', async () => {
    await using issuer = await startTokenIssuer();
    using service = await startTokenService((aud) => issuer.sign(githubClaims({ aud })));
    await plant('docker');
    const workflow = parse(recipeTexts('github-actions', '.github/workflows/image.yml')[0]) as {
      readonly jobs: { readonly image: { readonly steps: readonly { readonly run?: string }[] } };
    };
    const script = workflow.jobs.image.steps.find(({ run }) => run !== undefined)?.run ?? '';
    const here = { github: { issuer: issuer.issuer, caFile: issuer.caFile } };
    await using recipe = await startRecipeBroker('github-actions', { here });

    await runScript('bash', script, {
      GITHUB_REPOSITORY: 'Octo-Org/Octo-App',
      GITHUB_SHA: 'abc123',
      ACTIONS_ID_TOKEN_REQUEST_URL: service.url,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'token-of-the-job',
    });
    const job = { user: 'github', password: await recorded('password') };

    expect(await pushed()).toBe('octo-org/octo-app/web');
    expect([
      await recipe.granted(`${await pushed()}:pull,push`, job),
      await recipe.granted('octo-org/octo-app/release/web:pull,push', job),
      await recipe.granted('octo-org/other/web:pull', job),
    ]).toEqual(['pull,push', 'pull', '']);
    expect(await recipe.check(['--token'], job.password)).toMatchObject({ code: 0 });
  });
});

describe('the recipe for GitLab CI', () => {
  it('has a job whose token lets it push to the namespace of its project only', async () => {
    await using issuer = await startTokenIssuer();
    await plant('docker');
    const { image } = parse(recipeTexts('gitlab-ci', '.gitlab-ci.yml')[0]) as {
      readonly image: { readonly id_tokens: unknown; readonly script: readonly string[] };
    };
    const here = { gitlab: { issuer: issuer.issuer, caFile: issuer.caFile } };
    await using recipe = await startRecipeBroker('gitlab-ci', { here });

    await runScript('sh', image.script.join('\n'), {
      CI_PROJECT_PATH: 'Shop/Web',
      CI_COMMIT_SHORT_SHA: 'abc123',
      REGISTRY_TOKEN: issuer.sign(gitlabClaims()),
    });
    const job = { user: 'gitlab', password: await recorded('password') };
    const branch = issuer.sign(gitlabClaims({ ref: 'feature', ref_path: 'refs/heads/feature' }));

    expect(image.id_tokens).toEqual({ REGISTRY_TOKEN: { aud: AUDIENCE } });
    expect(await pushed()).toBe('shop/web/app');
    expect([
      await recipe.granted('shop/web/app:pull,push', job),
      await recipe.granted('shop/web/app:pull,push', { user: 'gitlab', password: branch }),
      await recipe.granted('shop/other/app:pull', job),
      await recipe.granted('shop/web/app:pull', {
        user: 'gitlab',
        password: issuer.sign(gitlabClaims({ project_path: 'others/web', namespace_id: '90' })),
      }),
    ]).toEqual(['pull,push', 'pull', '', '401']);
  });
});

describe.skipIf(!isHere)('the recipe for Kubernetes', () => {
  it('has a pod that pushes and a kubelet that pulls, each with the token of its service account', async () => {
    await using cluster = await startTokenIssuer({ algorithm: 'ES256' });
    await using build = await startTokenIssuer();
    await plant('skopeo');
    await writeFile(join(folder, 'token'), cluster.sign(kubernetesClaims()));
    const { spec } = parse(recipeTexts('kubernetes', 'pod.yaml')[0]) as { readonly spec: PodSpec };
    const [argument = ''] = spec.containers[0]?.args ?? [];
    const [provider] = recipeTexts('kubernetes', '!/bin/sh');
    const here = {
      cluster: { issuer: cluster.issuer, caFile: cluster.caFile, keys: { url: cluster.jwksUrl } },
      'build-cluster': { issuer: build.issuer, caFile: build.caFile },
    };
    await using recipe = await startRecipeBroker('kubernetes', { here });

    await runScript('sh', argument.replace('/run/registry/token', join(folder, 'token')), {});
    const [, podToken = ''] = /--dest-creds pod:(\S+)/.exec(await recorded('calls')) ?? [];
    const request = JSON.stringify({
      apiVersion: 'credentialprovider.kubelet.k8s.io/v1',
      kind: 'CredentialProviderRequest',
      image: `${AUDIENCE}/team-web/app:1`,
      serviceAccountToken: cluster.sign(kubernetesClaims({ name: 'default' })),
    });
    const answer = await runOk('sh', ['-c', provider], { stdin: request });
    await using home = await openHome();
    const ofHelper = JSON.parse((await home.run(['kubelet', AUDIENCE], request)).stdout) as Answer;
    expect(ofHelper.auth).toEqual((JSON.parse(answer) as Answer).auth);
    const { username, password } = (JSON.parse(answer) as Answer).auth[AUDIENCE] ?? { username: '', password: '' };

    expect([
      await recipe.granted('team-web/alpine:pull,push', { user: 'pod', password: podToken }),
      await recipe.granted('team-web/app:pull', { user: username, password }),
      await recipe.granted('shared/base:pull,push', { user: username, password }),
      await recipe.granted('team-api/app:pull', { user: username, password }),
      await recipe.granted('team-web/app:push', { user: 'pod', password: build.sign(kubernetesClaims()) }),
      await recipe.granted('shared/base:pull', { user: 'pod', password: build.sign(kubernetesClaims()) }),
    ]).toEqual(['pull,push', 'pull', 'pull', '', 'push', '']);
  });

  interface PodSpec {
    readonly containers: readonly { readonly args: readonly string[] }[];
  }
  interface Answer {
    readonly auth: Readonly<Record<string, { readonly username: string; readonly password: string }>>;
  }
});

describe('the recipes for OpenID providers in the cloud', () => {
  it.each([
    ['entra-id', 'entra', 'ENTRA_CLIENT_SECRET', ['11111111-aaaa-4bbb-8ccc-222222222222']],
    ['okta', 'okta', 'OKTA_CLIENT_SECRET', ['registry-web']],
  ])('%s: authenticates the users of the provider, with their groups', async (name, backend, variable, groups) => {
    const alice = { username: 'alice@corp.example', password: 'alice-knows-this-1', groups };
    await using provider = await startOpenIdProvider({ people: [alice] });
    const client = { id: provider.clientId, secret: { env: variable } };
    await using recipe = await startRecipeBroker(name, {
      here: { [backend]: { issuer: provider.issuer, client } },
      env: { [variable]: provider.clientSecret },
    });
    const login = { user: alice.username, password: alice.password };

    expect([
      await recipe.granted('web/shop:pull,push', login),
      await recipe.granted('api/shop:pull,push', login),
      await recipe.granted('web/shop:pull', { ...login, password: 'not-the-password' }),
    ]).toEqual(['pull,push', '', '401']);
    expect(await recipe.check(['--login', alice.username], alice.password)).toMatchObject({ code: 0 });
  });
});
