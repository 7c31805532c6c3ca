/** `fairlead check --token`: what it advises about a token, with keys that are a file. */
import { beforeAll, describe, expect, it } from 'vitest';
import { hashPassword } from '../../../src/backends/password-hash.ts';
import { githubClaims, gitlabClaims } from '../../support/ci-claims.ts';
import { aws } from '../../../src/backends/oidc-token/presets/aws.ts';
import { azurePipelines } from '../../../src/backends/oidc-token/presets/azure-pipelines.ts';
import { bitbucket } from '../../../src/backends/oidc-token/presets/bitbucket.ts';
import { terraform } from '../../../src/backends/oidc-token/presets/terraform.ts';
import { presetKeys, withClaim } from '../../support/preset-tokens.ts';
import { newSigningKey, signWith } from '../../support/token-issuer.ts';
import type { Claims } from '../../support/token-issuer.ts';
import { CONFIG, workspace } from './workspace.ts';

const KEY = newSigningKey('ES256');
const JWKS = JSON.stringify({ keys: [{ ...KEY.publicKey.export({ format: 'jwk' }), kid: KEY.kid, alg: 'ES256' }] });
const GITHUB = { issuer: 'https://token.actions.githubusercontent.com', preset: 'github-actions' };
const GITLAB = { issuer: 'https://gitlab.com', preset: 'gitlab-ci' };

let users: string;
beforeAll(async () => {
  users = JSON.stringify({ users: { 'release-bot': { password: await hashPassword('a-long-password-1') } } });
});

async function check(system: object, claims: Claims, key = KEY) {
  const ci = { name: 'ci', type: 'oidc-token', audience: 'registry.example.com', keys: { file: 'keys.json' } };
  const robots = { name: 'robots', type: 'static-file', file: 'users.yaml' };
  const config = { ...CONFIG, backends: [{ ...ci, bound: 'everyone', ...system }, robots] };
  const files = { 'broker.yaml': JSON.stringify(config), 'keys.json': JWKS, 'users.yaml': users };
  await using folder = await workspace(files);
  const now = Math.floor(Date.now() / 1000);
  const issuer = 'issuer' in system ? system.issuer : undefined;
  const token = signWith(key, { iss: issuer, iat: now, exp: now + 300, ...claims }, {});
  return await folder.fairlead(['check', '--config', folder.config, '--token'], token);
}

describe('fairlead check --token prints a bound block', () => {
  it.each([
    [
      'of GitHub',
      GITHUB,
      githubClaims(),
      'bound:\n  "repository_owner_id": ["65"]\n  "event_name": ["push","release","schedule","workflow_dispatch"]\n',
    ],
    ['of GitLab', GITLAB, gitlabClaims(), 'bound:\n  "namespace_id": ["72"]\n  "ref_protected": ["true"]\n'],
    ['of another issuer', { issuer: 'https://ci.example.com' }, { sub: 'job' }, 'bound:\n  "sub": ["job"]\n'],
    [
      'with ids in braces',
      presetKeys(bitbucket),
      bitbucket.sample,
      'bound:\n  "workspaceUuid": ["{77777777-0000-4000-8000-000000000003}"]\n',
    ],
    [
      'with claims in an object',
      presetKeys(aws),
      aws.sample,
      'bound:\n  "/https:~1~1sts.amazonaws.com~1/aws_account": ["123456789012"]\n',
    ],
  ])('for a token %s', async (_what, system, claims, block) => {
    const { code, stdout } = await check(system, { aud: 'registry.example.com', ...claims });

    expect(code).toBe(0);
    expect(stdout).toContain(`in broker.yaml:\n${block}`);
  });

  it('for a token that the current block refuses', async () => {
    const { code, stdout } = await check({ ...GITHUB, bound: { repository_owner_id: '1' } }, githubClaims());

    expect(code).toBe(1);
    expect(stdout).toContain('"repository_owner_id": ["65"]');
  });

  it.each([
    ['is not signed by the issuer', GITHUB, githubClaims(), newSigningKey('ES256')],
    ['has a sub that bound reads as a pattern', { issuer: 'https://ci.example.com' }, { sub: 'a*' }, KEY],
  ])('unless the token %s', async (_what, system, claims, key) => {
    const { stdout } = await check(system, { aud: 'registry.example.com', ...claims }, key);

    expect(stdout).not.toContain('bound:\n');
  });
});

describe('fairlead check --token warns', () => {
  it.each([
    [
      'a token of pull_request_target',
      GITHUB,
      githubClaims({ event_name: 'pull_request_target' }),
      'outsiders may have',
    ],
    [
      'an environment that is not protected',
      GITLAB,
      gitlabClaims({ environment: 'production', environment_protected: 'false' }),
      'its environment is not protected',
    ],
    [
      'a plan of Terraform',
      presetKeys(terraform),
      withClaim(terraform.sample, 'terraform_run_phase', 'plan'),
      'a pull request may have started its plan: terraform_run_phase is "plan"',
    ],
    [
      'an audience that a job cannot choose',
      presetKeys(azurePipelines),
      azurePipelines.sample,
      'its audience "api://AzureADTokenExchange" is that of every service',
    ],
    [
      'a claim in bound that a job chooses',
      { ...GITHUB, bound: { repository_owner_id: '65', environment: '*' } },
      githubClaims({ environment: 'production' }),
      'environment: is chosen by a job or its owner',
    ],
    ['a token that lives for two hours', GITHUB, githubClaims({ iat: Math.floor(Date.now() / 1000) - 6900 }), '2.0 h'],
    ['names that are bound', { ...GITLAB, bound: { namespace_path: 'shop' } }, gitlabClaims(), 'bind namespace_id'],
    [
      'a group that a job chooses',
      { ...GITLAB, groups: ['by:{claim:user_login}'] },
      gitlabClaims(),
      'user_login, which a job or its owner chooses',
    ],
  ])('about %s', async (_what, system, claims, text) => {
    const { stdout } = await check(system, claims);

    expect(stdout.split('\n').filter((line) => line.startsWith('warning: '))).toContainEqual(
      expect.stringContaining(text),
    );
  });

  it('about nothing in a token of a push that lives for five minutes', async () => {
    const bound = { repository_owner_id: '65', event_name: ['push'] };
    const { stdout } = await check({ ...GITHUB, bound }, githubClaims());

    expect(stdout).not.toContain('warning: ');
  });
});

it('fairlead check --token refuses the name of a user of a users file', async () => {
  const { code, stdout } = await check(
    { issuer: 'https://ci.example.com' },
    { aud: 'registry.example.com', sub: 'release-bot' },
  );

  expect(code).toBe(1);
  expect(stdout).toContain('FAILED: backend ci: ambiguous: release-bot is a user of robots');
});

it('fairlead check says what to write where bound is missing', async () => {
  const { code, stderr } = await check({ ...GITHUB, bound: undefined }, githubClaims());

  expect(code).toBe(2);
  expect(stderr).toContain("Write bound: { repository_owner_id: 'VALUE', event_name: [push,");
});
