/** What a configuration of `oidc-token` must say, and what it must not. */
import { describe, expect, it } from 'vitest';
import { oidcTokenConfig } from '../../../../src/backends/oidc-token/config.ts';
import { resolveSettings } from '../../../../src/backends/oidc-token/settings.ts';

const GITHUB = { preset: 'github-actions', bound: { repository_owner_id: 65 } };
const GENERIC = { issuer: 'https://ci.example.com' };

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
    [{ preset: 'gitlab-ci', issuer: 'https://gitlab.example.com' }, 'https://gitlab.example.com'],
    [{ preset: 'kubernetes' }, 'https://kubernetes.default.svc'],
    [{ preset: 'kubernetes' }, 'https://kubernetes.default.svc.cluster.local'],
    [{ preset: 'kubernetes' }, 'kubernetes'],
    [{ preset: 'kubernetes' }, 'kubernetes.default'],
    [{ preset: 'kubernetes' }, 'k3s'],
    [GENERIC, 'https://ci.example.com'],
    [GENERIC, ['registry.example.com', 'https://ci.example.com']],
  ])('of %j is refused when it is what the provider gives unasked: %j', (keys, audience) => {
    expect(problems({ ...keys, audience })).toEqual([
      expect.stringMatching(/^audience: found ".+": .*expected a name/),
    ]);
  });

  it.each(['registry.example.com', 'https://registry.example.com', ['a', 'b'], 'kubernetes-registry'])(
    'of one’s own will do: %j',
    (audience) => {
      expect(problems({ ...GENERIC, audience })).toEqual([]);
    },
  );

  it.each([undefined, '', []])('must be there: %j will not do', (audience) => {
    expect(problems({ ...GENERIC, audience })).toHaveLength(1);
  });
});

describe('an issuer that serves everybody', () => {
  it.each([
    [{ preset: 'github-actions' }],
    [{ preset: 'gitlab-ci' }],
    [{ issuer: 'https://token.actions.githubusercontent.com' }],
    [{ issuer: 'https://accounts.google.com' }],
    [{ preset: 'github-actions', bound: { ref: 'refs/heads/main' } }],
    [{ preset: 'github-actions', bound: { repository_owner: 'octo*' } }],
    [{ preset: 'github-actions', bound: { repository: '*' } }],
    [{ preset: 'github-actions', bound: { repository: '*/octo-app' } }],
    [{ preset: 'github-actions', bound: { repository: ['octo-org/*', 'octo*'] } }],
    [{ preset: 'github-actions', bound: { job_workflow_ref: 'octo-org/shared/*' } }],
    [{ preset: 'gitlab-ci', bound: { ref_protected: true } }],
    [{ preset: 'gitlab-ci', bound: { namespace_path: 'shop*' } }],
    [{ issuer: 'https://accounts.google.com', bound: { email: '*' } }],
    [{ issuer: 'https://accounts.google.com', bound: { email_verified: true } }],
    [{ issuer: 'https://agent.buildkite.com', bound: { build_branch: 'main' } }],
    [{ issuer: 'https://app.terraform.io', bound: { terraform_run_phase: 'apply' } }],
  ])('is refused with %j', (keys) => {
    expect(problems(keys)).toEqual([expect.stringContaining('anybody can get a token of')]);
  });

  it.each([
    [GITHUB],
    [{ preset: 'github-actions', bound: { repository: 'octo-org/*' } }],
    [{ preset: 'github-actions', bound: { repository: ['octo-org/*', 'other/app'], ref: 'refs/heads/*' } }],
    [{ preset: 'github-actions', bound: { sub: 'repo:octo-org/*' } }],
    [{ preset: 'gitlab-ci', bound: { namespace_path: ['shop', 'shop/*'] } }],
    [{ issuer: 'https://accounts.google.com', bound: { hd: 'example.com' } }],
    [{ issuer: 'https://agent.buildkite.com', bound: { organization_slug: 'octo-org', build_branch: 'main' } }],
    [{ issuer: 'https://app.terraform.io', bound: { terraform_organization_name: 'octo-org' } }],
  ])('will do with %j', (keys) => {
    expect(problems(keys)).toEqual([]);
  });

  it.each([
    [{ preset: 'gitlab-ci', issuer: 'https://gitlab.example.com' }],
    [{ preset: 'github-actions', issuer: 'https://github.example.com/_services/token' }],
    [{ preset: 'kubernetes' }],
    [GENERIC],
  ])('is another matter than one’s own: %j', (keys) => {
    expect(problems(keys)).toEqual([]);
  });
});

describe('the other keys', () => {
  it.each([
    [{}, ': expected an issuer, or a preset that has one'],
    [{ issuer: 'http://ci.example.com' }, 'issuer: expected an https URL'],
    [{ issuer: 'https://ci.example.com/.well-known/openid-configuration' }, 'issuer: expected the issuer itself'],
    [{ ...GENERIC, algorithms: ['HS256'] }, 'algorithms.0: '],
    [{ ...GENERIC, algorithms: ['none'] }, 'algorithms.0: '],
    [{ ...GENERIC, algorithms: [] }, 'algorithms: '],
    [{ ...GENERIC, username: 'job' }, 'username: expected a claim in it'],
    [{ ...GENERIC, groups: ['{team}'] }, 'groups.0: expected braces around claims only'],
    [{ ...GENERIC, bound: { '/a//b': 'x' } }, 'bound./a//b: expected a JSON pointer'],
    [{ ...GENERIC, bound: { a: '{x}' } }, 'bound.a: the pattern "{x}" has a capture'],
    [{ ...GENERIC, keys: { url: 'http://ci.example.com/keys' } }, 'keys.url: expected an https URL'],
    [{ ...GENERIC, keys: { url: 'https://a.example/keys', file: 'k.json' } }, 'keys: expected one of url and file'],
    [{ ...GENERIC, keys: { bearer: { env: 'TOKEN' } } }, 'keys.bearer: expected beside url only'],
    [{ ...GENERIC, keys: { file: 'k.json' }, caFile: 'ca.pem' }, 'caFile: expected no caFile beside keys.file'],
  ])('%j is refused: %s', (keys, problem) => {
    expect(problems(keys)).toEqual([expect.stringContaining(problem)]);
  });

  it('may name an address of keys below .well-known, as GitHub’s is', () => {
    expect(problems({ ...GENERIC, keys: { url: 'https://ci.example.com/.well-known/jwks' } })).toEqual([]);
  });
});

describe('a preset', () => {
  it('of GitHub brings issuer and groups, which can be set', () => {
    expect(settings(GITHUB)).toMatchObject({
      issuer: 'https://token.actions.githubusercontent.com',
      keysUrl: undefined,
      identity: { groups: [{ text: 'repo:{claim:repository}' }, {}, {}] },
    });
    const own = { ...GITHUB, issuer: 'https://github.example.com/_services/token', groups: ['{claim:actor}'] };
    expect(settings(own)).toMatchObject({
      issuer: 'https://github.example.com/_services/token',
      identity: { groups: [{ text: '{claim:actor}' }] },
    });
  });

  it('of Kubernetes is the cluster around the broker, unless another is named', () => {
    const mount = '/var/run/secrets/kubernetes.io/serviceaccount';
    expect(settings({ preset: 'kubernetes' })).toMatchObject({
      issuer: 'https://kubernetes.default.svc.cluster.local',
      keysUrl: 'https://kubernetes.default.svc/openid/v1/jwks',
      bearer: { source: { file: `${mount}/token` } },
      caFile: `${mount}/ca.crt`,
    });
    for (const other of [
      { issuer: 'https://oidc.example.com/id/1' },
      { keys: { url: 'https://k8s.example.com/jwks' } },
    ]) {
      expect(settings({ preset: 'kubernetes', ...other })).toMatchObject({ bearer: undefined, caFile: undefined });
    }
  });
});
