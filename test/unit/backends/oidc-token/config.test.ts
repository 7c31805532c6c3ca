/** What a configuration of `oidc-token` must say, and what it must not. */
import { describe, expect, it } from 'vitest';
import { oidcTokenConfig } from '../../../../src/backends/oidc-token/config.ts';
import { configWarnings } from '../../../../src/backends/oidc-token/warnings.ts';
import { resolveSettings, usesOwnCluster } from '../../../../src/backends/oidc-token/settings.ts';

const GITHUB_ISSUER = 'https://token.actions.githubusercontent.com';
const GITHUB = { preset: 'github-actions', bound: { repository_owner_id: 65 } };
const AWS = 'https://a1d2c3b4-0000-4000-8000-1234567890ab.tokens.sts.global.api.aws';
const GENERIC = { issuer: 'https://ci.example.com', bound: 'everyone' };

function parse(keys: Readonly<Record<string, unknown>>) {
  return oidcTokenConfig.safeParse({ type: 'oidc-token', name: 'ci', audience: 'registry.example.com', ...keys });
}

function problems(keys: Readonly<Record<string, unknown>>): readonly string[] {
  return (parse(keys).error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

function settings(keys: Readonly<Record<string, unknown>>) {
  const { data, error } = parse(keys);
  if (data === undefined) throw error;
  return resolveSettings(data);
}

describe('the audience', () => {
  it.each([
    [GITHUB, 'https://github.com/octo-org'],
    [GITHUB, 'https://GitHub.com/octo-org/'],
    [GITHUB, 'https://token.actions.githubusercontent.com'],
    [GITHUB, 'sts.amazonaws.com'],
    [GITHUB, 'api://AzureADTokenExchange'],
    [{ preset: 'gitlab-ci', bound: { namespace_path: 'shop' } }, 'https://gitlab.com'],
    [{ preset: 'gitlab-ci', issuer: 'https://gitlab.example.com', bound: 'everyone' }, 'https://gitlab.example.com'],
    [{ preset: 'kubernetes', bound: 'everyone' }, 'https://kubernetes.default.svc'],
    [{ preset: 'kubernetes', bound: 'everyone' }, 'https://kubernetes.default.svc.cluster.local'],
    [{ preset: 'kubernetes', bound: 'everyone' }, 'kubernetes'],
    [{ preset: 'kubernetes', bound: 'everyone' }, 'kubernetes.default'],
    [{ preset: 'kubernetes', bound: 'everyone' }, 'k3s'],
    [GENERIC, 'https://ci.example.com'],
    [GENERIC, 'https://CI.example.com/'],
    [GITHUB, 'https://github.com/octo-org/octo-app'],
    [{ ...GITHUB, issuer: 'https://ghes.example.com/_services/token' }, 'https://ghes.example.com/octo-org'],
    [{ ...GITHUB, issuer: 'https://token.actions.octo.ghe.com' }, 'https://octo.ghe.com/octo-org'],
    [{ preset: 'circleci', issuer: 'https://oidc.circleci.com/org/2222', bound: 'everyone' }, '2222'],
    [GENERIC, 'https://buildkite.com/acme-inc'],
    [GENERIC, 'ari:cloud:bitbucket::workspace/7777'],
    [GENERIC, 'pypi'],
    [GENERIC, 'npm:registry.npmjs.org'],
    [GENERIC, 'rubygems.org'],
    [GENERIC, 'crates.io'],
    [GENERIC, 'aws.workload.identity'],
    [GENERIC, 'vault.workload.identity'],
    [GENERIC, 'vault.io'],
    [GENERIC, 'rke2'],
    [GENERIC, '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q'],
    [GENERIC, '32555940559.apps.googleusercontent.com'],
    [GENERIC, 'https://management.azure.com'],
    [{ preset: 'azure', issuer: 'https://sts.windows.net/1/', bound: 'everyone' }, 'api://AzureADTokenExchange'],
    [GENERIC, ['registry.example.com', 'https://ci.example.com']],
  ])('of %j is refused when tokens have it by default or for another service: %j', (keys, audience) => {
    expect(problems({ ...keys, audience })).toEqual([
      expect.stringMatching(/^audience: found ".+": .*expected a name/),
    ]);
  });

  it('may be the only one that a system gives, in a backend for that system', () => {
    const pipelines = { issuer: 'https://vstoken.dev.azure.com/7777', bound: { sub: 'sc://acme/shop/registry' } };
    const audience = 'api://AzureADTokenExchange';

    expect(problems({ preset: 'azure-pipelines', ...pipelines, audience })).toEqual([]);
    expect(problems({ ...GENERIC, ...pipelines, audience: 'sts.amazonaws.com' })).toHaveLength(1);
  });

  it.each([
    'registry.example.com',
    'https://registry.example.com',
    'https://registry.example.com/octo-org',
    'api://registry.example.com',
    ['a', 'b'],
    'kubernetes-registry',
  ])('may be a name that only this registry uses: %j', (audience) => {
    expect(problems({ ...GENERIC, audience })).toEqual([]);
  });

  it.each([undefined, '', []])('is required: %j is refused', (audience) => {
    expect(problems({ ...GENERIC, audience })).toHaveLength(1);
  });
});

describe('bound', () => {
  it.each([
    [{ preset: 'github-actions' }, "Write bound: { repository_owner_id: 'VALUE', event_name: [push, release, schedule"],
    [{ preset: 'gitlab-ci' }, "Write bound: { namespace_id: 'VALUE', ref_protected: [true] }"],
    [{ preset: 'gitlab-ci', issuer: 'https://gitlab.example.com' }, "Write bound: { namespace_id: 'VALUE'"],
    [{ preset: 'github-actions', issuer: 'https://github.example.com/_services/token' }, 'repository_owner_id'],
    [{ preset: 'kubernetes' }, "Write bound: { /kubernetes.io/namespace: 'VALUE' }"],
    [{ issuer: GITHUB_ISSUER }, 'repository_owner_id'],
    [{ issuer: 'https://ci.example.com' }, "Write bound: { sub: 'VALUE' }"],
    [{ issuer: 'https://ci.example.com', bound: {} }, "Write bound: { sub: 'VALUE' }"],
  ])('is required, and the error for %j says what to write: %s', (keys, text) => {
    expect(problems(keys)).toEqual([expect.stringContaining(text)]);
  });

  it.each([
    'https://accounts.google.com',
    'https://oidc.circleci.com',
    'https://oidc.codefresh.io',
    'https://oauth2.sigstore.dev/auth',
    'https://issuer.enforce.dev',
    'https://api.pulumi.com/oidc',
    'https://oidc.vercel.com',
    'https://appleid.apple.com',
    'https://codeberg.org/api/actions',
    'https://salsa.debian.org',
    'https://framagit.org',
    'https://an-issuer-that-no-list-has.example.com',
  ])('is required for %s, which gives tokens to everybody', (issuer) => {
    expect(problems({ issuer })).toEqual([expect.stringContaining('bound: everyone to accept every token')]);
  });

  it.each([
    [{ preset: 'github-actions', bound: { ref: 'refs/heads/main' } }],
    [{ preset: 'github-actions', bound: { repository_owner: 'octo*' } }],
    [{ preset: 'github-actions', bound: { repository: '*' } }],
    [{ preset: 'github-actions', bound: { repository: '*/octo-app' } }],
    [{ preset: 'github-actions', bound: { repository: ['octo-org/*', 'octo*'] } }],
    [{ preset: 'github-actions', bound: { job_workflow_ref: 'octo-org/shared/*' } }],
    [{ preset: 'gitlab-ci', bound: { ref_protected: true } }],
    [{ preset: 'gitlab-ci', bound: { namespace_path: 'shop*' } }],
    [{ issuer: 'https://gitlab.com', bound: { ref_protected: true } }],
    [{ issuer: 'https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0', bound: { tid: '1' } }],
    [{ issuer: 'https://accounts.google.com', bound: { email: '*' } }],
    [{ issuer: 'https://accounts.google.com', bound: { email_verified: true } }],
    [{ preset: 'google', bound: { email: '*@example.com' } }],
    [{ preset: 'google', bound: { email: '*.iam.gserviceaccount.com' } }],
    [{ preset: 'google', bound: { email: '*@my-proj.iam.gserviceaccount.com*' } }],
    [{ issuer: 'https://agent.buildkite.com', bound: { sub: 'organization:*:pipeline:app' } }],
    [{ issuer: 'https://agent.buildkite.com', bound: { sub: 'organization:acme*' } }],
    [{ preset: 'terraform', bound: { sub: '*:run_phase:apply' } }],
    [{ preset: 'circleci', issuer: 'https://oidc.circleci.com', bound: { 'oidc.circleci.com/vcs-ref': 'main' } }],
    [{ preset: 'forgejo', issuer: 'https://codeberg.org/api/actions', bound: { sub: 'repo:my-org-*' } }],
    [{ issuer: 'https://agent.buildkite.com', bound: { build_branch: 'main' } }],
    [{ issuer: 'https://app.terraform.io', bound: { terraform_run_phase: 'apply' } }],
    // The preset of another system.
    [{ preset: 'gitlab-ci', issuer: GITHUB_ISSUER, bound: { ref: 'refs/heads/main' } }],
    [{ preset: 'kubernetes', issuer: 'https://accounts.google.com', bound: { '/kubernetes.io/namespace': 'ci' } }],
  ])('of an issuer that serves everybody is refused without an owner: %j', (keys) => {
    expect(problems(keys)).toEqual([expect.stringContaining('anybody can get a token of')]);
  });

  it.each([
    [GITHUB],
    [{ preset: 'github-actions', bound: 'everyone' }],
    [{ preset: 'github-actions', bound: { repository: 'octo-org/*' } }],
    [{ preset: 'github-actions', bound: { repository: ['octo-org/*', 'other/app'], ref: 'refs/heads/*' } }],
    [{ preset: 'github-actions', bound: { sub: 'repo:octo-org/*' } }],
    [{ preset: 'gitlab-ci', bound: { namespace_path: ['shop', 'shop/*'] } }],
    [{ preset: 'gitlab-ci', issuer: 'https://gitlab.example.com', bound: { ref_protected: true } }],
    [{ preset: 'kubernetes', bound: { '/kubernetes.io/namespace': 'ci' } }],
    [{ issuer: 'https://accounts.google.com', bound: { hd: 'example.com' } }],
    [{ preset: 'google', bound: { email: '*@my-proj.iam.gserviceaccount.com' } }],
    [{ preset: 'google', bound: { '/google/compute_engine/project_id': 'my-proj' } }],
    [{ preset: 'terraform', bound: { sub: 'organization:my-org:project:X:workspace:*:run_phase:apply' } }],
    [{ preset: 'github-actions', bound: { sub: 'repo:octo-org@65/*' } }],
    [{ preset: 'circleci', issuer: 'https://oidc.circleci.com', bound: { sub: 'org/2222/*' } }],
    [{ issuer: 'https://agent.buildkite.com', bound: { organization_slug: 'octo-org', build_branch: 'main' } }],
    [{ issuer: 'https://app.terraform.io', bound: { terraform_organization_name: 'octo-org' } }],
  ])('is accepted: %j', (keys) => {
    expect(problems(keys)).toEqual([]);
  });
});

describe('the user name', () => {
  it.each(['{claim:actor}', '{claim:preferred_username}', '{claim:/user/login}', '{claim:/sub/x}'])(
    'must not be the claim %s alone, which can be the name of a user of another backend',
    (username) => {
      expect(problems({ ...GENERIC, username })).toEqual([
        `username: found ${username} alone, which can be the name of a user of another backend; expected text before it, such as ci:${username}`,
      ]);
    },
  );

  it.each(['{claim:sub}', '{claim:/sub}', 'ci:{claim:actor}', '{claim:a}/{claim:b}'])('may be %s', (username) => {
    expect(problems({ ...GENERIC, username })).toEqual([]);
  });

  it.each([
    [GITHUB, 'github:{claim:repository_id}'],
    [{ preset: 'gitlab-ci', bound: { namespace_id: '72' } }, 'gitlab:{claim:project_id}'],
    [{ preset: 'kubernetes', bound: 'everyone' }, '{claim:sub}'],
    [GENERIC, '{claim:sub}'],
    [
      { ...GITHUB, preset: 'generic', issuer: 'https://token.actions.githubusercontent.com' },
      'github:{claim:repository_id}',
    ],
    [
      { issuer: 'https://agent.buildkite.com', bound: 'everyone' },
      'buildkite:{claim:organization_slug}/{claim:pipeline_slug}',
    ],
    [{ issuer: 'https://gitlab.com', bound: 'everyone' }, '{claim:sub}'],
    [{ issuer: 'https://accounts.google.com', bound: 'everyone' }, '{claim:sub}'],
  ])('of %j is %s', (keys, text) => {
    expect(settings(keys).identity.username.text).toBe(text);
  });
});

describe('what a job or its owner chooses', () => {
  it.each([
    [{ preset: 'gitlab-ci', bound: { namespace_id: '72' }, username: 'ci:{claim:user_login}' }, 'user_login'],
    [{ ...GITHUB, username: '{claim:sub}' }, 'sub'],
    [{ ...GITHUB, username: 'ci:{claim:repository_id}/{claim:/actor}' }, '/actor'],
    [{ issuer: 'https://agent.buildkite.com', bound: { organization_id: '1' }, username: '{claim:sub}' }, 'sub'],
    [{ ...GENERIC, username: 'ci:{claim:agent_tag:queue}' }, 'agent_tag:queue'],
  ])('is no user name: %j', (keys, claim) => {
    expect(problems(keys)).toEqual([
      expect.stringContaining(`username: found ${claim}, which a job or its owner chooses`),
    ]);
  });

  it.each([
    [{ preset: 'gitlab-ci', issuer: 'https://gitlab.example.com', bound: { user_login: 'alice' } }],
    [{ preset: 'gitlab-ci', issuer: 'https://gitlab.example.com', bound: { sub: '*:ref:main' } }],
    [{ preset: 'github-actions', issuer: 'https://ghes.example.com/_services/token', bound: { '/head_ref': 'main' } }],
    [{ preset: 'aws', issuer: AWS, bound: { '/https:~1~1sts.amazonaws.com~1/request_tags/team': 'web' } }],
    [{ ...GENERIC, bound: { 'agent_tag:queue': 'release' } }],
  ])('is not all that bound names: %j', (keys) => {
    expect(problems(keys)).toEqual([expect.stringMatching(/^bound: found only .*, which a job or its owner chooses/)]);
  });

  it.each([
    [{ preset: 'gitlab-ci', issuer: 'https://gitlab.example.com', bound: { sub: 'project_path:shop/*' } }],
    [{ preset: 'gitlab-ci', issuer: 'https://gitlab.example.com', bound: { user_login: 'alice', namespace_id: 72 } }],
    [{ issuer: 'https://agent.buildkite.com', bound: { sub: 'organization:acme-inc:pipeline:*' } }],
  ])('may be part of it: %j', (keys) => {
    expect(problems(keys)).toEqual([]);
  });
});

describe('a warning', () => {
  const EVENTS = { event_name: ['push'] };
  it.each([
    [{ ...GITHUB, bound: { repository_owner: 'octo-org', ...EVENTS } }, 'bound.repository_owner: is a name'],
    [{ ...GITHUB, bound: { sub: 'repo:octo-org/*', ...EVENTS } }, 'bound.sub: is a name'],
    [
      { ...GITHUB, bound: { repository_owner_id: '65', sub: 'repo:octo-org/*:environment:production', ...EVENTS } },
      'bound.sub: has text after a *',
    ],
    [GITHUB, 'bound: does not bind event_name, so jobs that outsiders start'],
    [{ preset: 'github-actions', bound: 'everyone' }, 'bound: accepts tokens of everybody'],
    [{ issuer: 'https://gitlab.com', bound: 'everyone' }, 'bound: accepts tokens of everybody'],
    [{ preset: 'gitlab-ci', bound: { namespace_path: 'shop' } }, 'bound.namespace_path: is a name'],
    [
      { preset: 'gitlab-ci', bound: { namespace_id: '72' }, groups: ['by:{claim:user_login}'] },
      'groups.0: reads the claim user_login, which a job or its owner chooses',
    ],
    [
      { ...GITHUB, bound: { repository_owner_id: '65', head_ref: 'main', ...EVENTS } },
      'bound.head_ref: is chosen by a job or its owner',
    ],
    [
      { ...GITHUB, bound: { repository_owner_id: '65', sub: '*', ...EVENTS } },
      'bound.sub: is chosen by a job or its owner',
    ],
    [
      { preset: 'terraform', bound: { terraform_organization_id: 'org-1' } },
      'bound: does not bind terraform_run_phase',
    ],
    [{ issuer: 'https://app.terraform.io', bound: { terraform_organization_id: 'org-1' } }, 'so plans, which pull'],
    [{ ...GENERIC, groups: ['team:{claim:/tags/request_tags/team}'] }, 'groups.0: reads the claim /tags/request_tags'],
  ])('about %j says: %s', (keys, text) => {
    const { data, error } = parse(keys);
    if (data === undefined) throw error;
    const found = configWarnings(data).map(({ path, message }) => `${path.join('.')}: ${message}`);
    expect(found).toEqual([expect.stringContaining(text)]);
  });

  it.each([
    [{ ...GITHUB, bound: { repository_owner_id: '65', repository: 'octo-org/app', ...EVENTS } }],
    [{ preset: 'gitlab-ci', bound: { namespace_id: '72' } }],
    [{ preset: 'kubernetes', bound: 'everyone' }],
    [GENERIC],
  ])('is not given about %j', (keys) => {
    const { data, error } = parse(keys);
    if (data === undefined) throw error;
    expect(configWarnings(data)).toEqual([]);
  });
});

describe('the other keys', () => {
  it.each([
    [{ bound: 'everyone' }, ': expected an issuer, or a preset that has one'],
    [{ ...GENERIC, issuer: 'http://ci.example.com' }, 'issuer: expected an https URL'],
    [
      { ...GENERIC, issuer: 'https://ci.example.com/.well-known/openid-configuration' },
      'issuer: expected the issuer itself',
    ],
    [{ ...GENERIC, algorithms: ['HS256'] }, 'algorithms.0: '],
    [{ ...GENERIC, algorithms: ['none'] }, 'algorithms.0: '],
    [{ ...GENERIC, algorithms: [] }, 'algorithms: '],
    [{ ...GENERIC, username: 'job' }, 'username: expected a claim in it'],
    [{ ...GENERIC, groups: ['{team}'] }, 'groups.0: expected braces around claims only'],
    [{ ...GENERIC, bound: { '/a//b': 'x' } }, 'bound./a//b: expected a JSON pointer'],
    [{ ...GENERIC, bound: { a: 'x**' } }, 'bound.a: the pattern "x**" has two wildcards side by side'],
    [{ ...GENERIC, keys: { url: 'http://ci.example.com/keys' } }, 'keys.url: expected an https URL'],
    [{ ...GENERIC, keys: { url: 'https://a.example/keys', file: 'k.json' } }, 'keys: expected one of url and file'],
    [{ ...GENERIC, keys: { bearer: { env: 'TOKEN' } } }, 'keys.bearer: expected only with url'],
    [{ ...GENERIC, keys: { file: 'k.json' }, caFile: 'ca.pem' }, 'caFile: expected no caFile with keys.file'],
  ])('%j is refused: %s', (keys, problem) => {
    expect(problems(keys)).toEqual([expect.stringContaining(problem)]);
  });

  it('may have a keys.url below .well-known, as GitHub has', () => {
    expect(problems({ ...GENERIC, keys: { url: 'https://ci.example.com/.well-known/jwks' } })).toEqual([]);
  });
});

describe('a preset', () => {
  it('of GitHub sets issuer and groups, unless they are configured', () => {
    expect(settings(GITHUB)).toMatchObject({
      issuer: 'https://token.actions.githubusercontent.com',
      keysUrl: undefined,
      identity: { groups: [{ template: { text: 'repo:{claim:repository}' } }, {}, {}, {}, {}] },
    });
    const own = { ...GITHUB, issuer: 'https://github.example.com/_services/token', groups: ['{claim:actor}'] };
    expect(settings(own)).toMatchObject({
      issuer: 'https://github.example.com/_services/token',
      identity: { groups: [{ template: { text: '{claim:actor}' } }] },
    });
  });

  it('of Kubernetes trusts the cluster of the broker, unless issuer or keys are configured', () => {
    const config = parse({ preset: 'kubernetes', bound: 'everyone' }).data;
    if (config === undefined) throw new Error('expected a configuration');
    expect(usesOwnCluster(config)).toBe(true);
    const cluster = { issuer: 'https://a', keysUrl: 'https://a/keys', caFile: '/ca', bearerFile: '/token' };
    expect(resolveSettings(config, cluster)).toMatchObject({
      issuer: 'https://a',
      keysUrl: 'https://a/keys',
      bearer: { source: { file: '/token' } },
      caFile: '/ca',
    });
    for (const other of [
      { issuer: 'https://oidc.example.com/id/1' },
      { keys: { url: 'https://k8s.example.com/jwks' } },
    ]) {
      expect(settings({ preset: 'kubernetes', bound: 'everyone', ...other })).toMatchObject({
        bearer: undefined,
        caFile: undefined,
      });
    }
  });
});
