/** The recipe for other systems: the sample of each preset gets what the policy says, and a similar token does not. */
import { describe, expect, it } from 'vitest';
import { PRESETS } from '../../../src/backends/oidc-token/presets/index.ts';
import { withClaim } from '../../support/preset-tokens.ts';
import { openRecipeJobs } from '../../support/recipe-jobs.ts';
import type { Claims } from '../../support/token-issuer.ts';

interface Case {
  readonly backend: string;
  readonly preset: string;
  /** Claims of the sample that the recipe has other values for. */
  readonly changes?: Claims;
  readonly scope: string;
  /** Claims with which the token gets the answer. */
  readonly others: readonly (readonly [name: string, value: unknown, answer: string])[];
}

const BOTH = 'pull,push';
const CASES: readonly Case[] = [
  {
    backend: 'google',
    preset: 'google',
    changes: { email: 'web@my-proj.iam.gserviceaccount.com' },
    scope: 'web/app',
    others: [
      ['email', 'web@another.iam.gserviceaccount.com', ''],
      ['email_verified', false, 'unusable-claims'],
      ['sub', '1', 'claim-not-bound'],
    ],
  },
  {
    backend: 'aws',
    preset: 'aws',
    scope: 'web/app',
    others: [
      ['sub', 'arn:aws:iam::123456789012:role/Other', ''],
      ['/https:~1~1sts.amazonaws.com~1/aws_account', '210987654321', 'claim-not-bound'],
      ['/https:~1~1sts.amazonaws.com~1/request_tags', { aws_account: '123456789012' }, BOTH],
    ],
  },
  {
    backend: 'azure',
    preset: 'azure',
    scope: 'web/app',
    others: [
      ['roles', ['Registry.Pull'], 'claim-not-bound'],
      ['roles', undefined, 'claim-not-bound'],
      ['idtyp', 'user', 'claim-not-bound'],
    ],
  },
  {
    backend: 'jenkins',
    preset: 'jenkins',
    changes: { iss: 'https://jenkins.example.com/oidc', sub: 'https://jenkins.example.com/job/team/job/web/' },
    scope: 'team/app',
    others: [
      ['sub', 'https://jenkins.example.com/job/team2/job/web/', 'claim-not-bound'],
      ['sub', 'https://jenkins.example.com/job/other/job/team/', 'claim-not-bound'],
    ],
  },
  {
    backend: 'bitbucket',
    preset: 'bitbucket',
    scope: 'web/app',
    others: [
      ['branchName', 'feature', ''],
      ['branchName', 'x@main', ''],
      ['repositoryUuid', '{9a8b7c6d-0000-4000-8000-00000000000f}', ''],
      ['workspaceUuid', '{77777777-0000-4000-8000-00000000000f}', 'claim-not-bound'],
    ],
  },
  {
    backend: 'circleci',
    preset: 'circleci',
    scope: 'octo-org/app',
    others: [
      ['oidc.circleci.com/context-ids', [], ''],
      ['oidc.circleci.com/ssh-rerun', true, 'claim-not-bound'],
      ['oidc.circleci.com/project-id', 'other', 'claim-not-bound'],
    ],
  },
  {
    backend: 'buildkite',
    preset: 'buildkite',
    scope: 'app/web',
    others: [
      ['build_branch', 'feature', ''],
      ['pipeline_slug', 'other', ''],
      ['sub', '0184990a-4782-42b5-afc1-16715b10b1a0', BOTH],
      ['organization_id', undefined, 'claim-not-bound'],
    ],
  },
  {
    backend: 'forgejo',
    preset: 'forgejo',
    scope: 'my-org/my-repo/app',
    others: [
      ['ref', 'refs/heads/feature', ''],
      ['event_name', 'pull_request_target', 'claim-not-bound'],
      ['repository_owner_id', '1', 'claim-not-bound'],
    ],
  },
  {
    backend: 'terraform',
    preset: 'terraform',
    scope: 'modules/my-ws/app',
    others: [
      ['terraform_workspace_name', 'other', ''],
      ['terraform_run_phase', 'plan', 'claim-not-bound'],
    ],
  },
  {
    backend: 'spire',
    preset: 'spiffe',
    scope: 'team-web/app',
    others: [
      ['sub', 'spiffe://example.org/ns/team-web/sa/other', ''],
      ['sub', 'spiffe://example.org/ns/team-web/x/sa/builder', ''],
      ['sub', 'spiffe://example.org.evil/ns/team-web/sa/builder', 'claim-not-bound'],
    ],
  },
];

function sampleOf({ preset, changes }: Case): Claims {
  const { sample = {} } = PRESETS.find(({ name }) => name === preset) ?? {};
  return { ...sample, ...changes };
}

describe.each(CASES.map((each) => [each.backend, each] as const))('with the recipe for %s, a token', (name, given) => {
  it('like the sample pulls and pushes', async () => {
    await using jobs = await openRecipeJobs('other-systems', '', name);

    expect(await jobs.granted(sampleOf(given), `${given.scope}:${BOTH}`)).toBe(BOTH);
  });

  it.each(given.others)('with %s %j gets "%s"', async (claim, value, answer) => {
    await using jobs = await openRecipeJobs('other-systems', '', name);

    expect(await jobs.granted(withClaim(sampleOf(given), claim, value), `${given.scope}:${BOTH}`)).toBe(answer);
  });
});

describe('with the recipe for systems without a preset, a token', () => {
  it.each([
    ['nomad', { sub: 'global:default:web:api:server:reg', nomad_namespace: 'default', nomad_job_id: 'web' }],
    ['vault', { aud: '9b8f0c3e-registry', sub: 'a2cd', userinfo: { groups: ['web', 'engr'] } }],
    ['spacelift', { aud: 'demo.app.spacelift.io', spaceId: 'legacy', callerId: 'infra', scope: 'write' }],
    ['depot', { org_id: 'org_1234567890', event_name: 'push', repository: 'o/r', repository_id: '7', ref: 'r' }],
  ])('of %s logs in', async (name, claims) => {
    const issuers: Readonly<Record<string, string>> = {
      nomad: 'https://nomad.example.com',
      vault: 'https://vault.example.com:8200/v1/identity/oidc',
      spacelift: 'https://demo.app.spacelift.io',
      depot: 'https://identity.depot.dev',
    };
    await using jobs = await openRecipeJobs('other-systems', issuers[name] ?? '', name);

    // Nothing is granted to it, and it is not refused.
    expect(await jobs.granted({ aud: 'registry.example.com', ...claims }, `x/y:${BOTH}`)).toBe('');
  });

  it.each([
    ['spacelift', { aud: 'demo.app.spacelift.io', spaceId: 'legacy', callerId: 'infra', scope: 'read' }],
    ['depot', { org_id: 'org_1234567890', event_name: 'pull_request_target', repository: 'o/r', repository_id: '7' }],
  ])('of %s that a pull request started is refused', async (name, claims) => {
    const issuer = name === 'depot' ? 'https://identity.depot.dev' : 'https://demo.app.spacelift.io';
    await using jobs = await openRecipeJobs('other-systems', issuer, name);

    expect(await jobs.granted({ aud: 'registry.example.com', ...claims }, `x/y:${BOTH}`)).toBe('claim-not-bound');
  });
});
