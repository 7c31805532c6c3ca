/**
 * A token like the sample of each preset logs in, and any other is refused with its reason. The cases follow from the data
 * of the preset: a new preset needs its names in `NAMES` and nothing else here.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { boundText } from '../../../src/backends/oidc-token/bound-text.ts';
import type { Preset } from '../../../src/backends/oidc-token/presets/preset.ts';
import type { Identity } from '../../../src/core/identity.ts';
import { openPresetTokens, SYSTEMS, withClaim } from '../../support/preset-tokens.ts';
import type { PresetTokens } from '../../support/preset-tokens.ts';

/** The user name and the groups that the sample of each preset gives. */
const NAMES: Readonly<Record<string, { readonly user: string; readonly groups: readonly string[] }>> = {
  'github-actions': {
    user: 'github:74',
    groups: [
      'environment:octo-org/octo-app@production',
      'event:octo-org/octo-app@push',
      'ref:octo-org/octo-app@refs/heads/main',
      'repo-id:74',
      'repo:octo-org/octo-app',
    ],
  },
  'gitlab-ci': {
    user: 'gitlab:20',
    groups: ['environment:shop/web@production', 'project-id:20', 'project:shop/web', 'ref:shop/web@branch/main'],
  },
  kubernetes: {
    user: 'system:serviceaccount:team-web:builder',
    groups: ['namespace:team-web', 'serviceaccount:team-web/builder'],
  },
  google: {
    user: 'google:112010400000000710080',
    groups: ['google-account:ci@my-proj.iam.gserviceaccount.com', 'google-project:my-proj'],
  },
  aws: {
    user: 'aws:arn:aws:iam::123456789012:role/CiPush',
    groups: ['aws-account:123456789012', 'aws-role:arn:aws:iam::123456789012:role/CiPush'],
  },
  azure: {
    user: 'azure:33333333-2222-4333-8444-555555555555',
    groups: ['azure-app:66666666-2222-4333-8444-555555555555', 'azure-role:Registry.Push'],
  },
  'azure-pipelines': {
    user: 'azure-pipelines:sc://acme/shop/registry',
    groups: ['azure-connection:sc://acme/shop/registry'],
  },
  jenkins: {
    user: 'jenkins:https://jenkins.acme.com/job/team/job/web%20app/',
    groups: ['jenkins-job:https://jenkins.acme.com/job/team/job/web%20app/'],
  },
  bitbucket: {
    user: 'bitbucket:9a8b7c6d-0000-4000-8000-000000000001',
    groups: [
      'bitbucket-branch:9a8b7c6d-0000-4000-8000-000000000001@main',
      'bitbucket-environment:9a8b7c6d-0000-4000-8000-000000000001@d0000000-0000-4000-8000-000000000005',
      'bitbucket-repo:9a8b7c6d-0000-4000-8000-000000000001',
    ],
  },
  circleci: {
    user: 'circleci:33333333-0000-4000-8000-000000000002',
    groups: [
      'circleci-context:55555555-0000-4000-8000-000000000004',
      'circleci-project:33333333-0000-4000-8000-000000000002',
      'circleci-ref:github.com/octo-org/octo-app@refs/heads/main',
      'circleci-repo:github.com/octo-org/octo-app',
    ],
  },
  buildkite: {
    user: 'buildkite:acme-inc/app',
    groups: [
      'buildkite-branch:acme-inc/app@main',
      'buildkite-pipeline-id:0184990a-4782-42b5-afc1-16715b10b1a0',
      'buildkite-pipeline:acme-inc/app',
    ],
  },
  forgejo: {
    user: 'forgejo:456789',
    groups: [
      'forgejo-event:my-org/my-repo@push',
      'forgejo-ref:my-org/my-repo@refs/heads/main',
      'forgejo-repo-id:456789',
      'forgejo-repo:my-org/my-repo',
    ],
  },
  terraform: {
    user: 'terraform:ws-mbsd5E3Ktt5Rg2Xm',
    groups: [
      'terraform-phase:ws-mbsd5E3Ktt5Rg2Xm@apply',
      'terraform-project-id:prj-vegSA59s1XPwMr2t',
      'terraform-workspace-id:ws-mbsd5E3Ktt5Rg2Xm',
      'terraform-workspace:my-org/my-ws',
    ],
  },
  spiffe: {
    user: 'spiffe:spiffe://example.org/ns/team-web/sa/builder',
    groups: ['spiffe-id:spiffe://example.org/ns/team-web/sa/builder'],
  },
};

/** Values that a job may choose: what templates, patterns and names could take for something else. */
const HOSTILE = ['', 'x@production', 'Production', 'a:b/c', '*', '{claim:sub}', '../..', 'x'.repeat(300)];

let tokens: PresetTokens;
beforeAll(async () => {
  tokens = await openPresetTokens();
});
afterAll(() => tokens[Symbol.asyncDispose]());

function namesOf(result: Identity | string): unknown {
  return typeof result === 'string' ? result : { user: result.username, groups: [...result.groups].toSorted() };
}

/** The block `bound` that `fairlead check --token` prints for the sample. */
function boundOf(preset: Preset): Readonly<Record<string, readonly string[]>> {
  const { bound } = parse(boundText(preset, preset.sample).join('\n')) as {
    readonly bound: Readonly<Record<string, readonly string[]>>;
  };
  return bound;
}

describe.each(SYSTEMS.map((preset) => [preset.name, preset] as const))('a token of %s', (name, preset) => {
  const login = (claims = preset.sample, users?: readonly string[]) =>
    tokens.login(preset, { bound: boundOf(preset) }, claims, users);

  it('logs in with the bound block that check --token prints for it', async () => {
    expect(namesOf(await login())).toEqual(NAMES[name]);
  });

  it('gives the policy the values of its other claims', async () => {
    const identity = await login();

    if (typeof identity === 'string') throw new Error(identity);
    // A policy cannot write names with a tilde.
    const claim = preset.bind.find((each) => !each.includes('~')) ?? 'sub';
    const expected = boundOf(preset)[claim] ?? [preset.sample[claim]];
    expect(identity.attributes.get(`claim:${claim}`)).toEqual(expected);
  });

  it('has a user name that no person has, and is refused where a users file has it', async () => {
    const { user = '' } = NAMES[name] ?? {};

    expect(user).toMatch(/^[a-z-]+:./);
    expect(await login(preset.sample, [user])).toContain(`ambiguous: ${user} is a user of robots`);
  });

  it('is refused for another audience', async () => {
    for (const aud of ['sts.amazonaws.com', ['other'], undefined]) {
      expect(await login(withClaim(preset.sample, 'aud', aud))).toContain('wrong-audience: the audience is');
    }
  });

  it('of another issuer belongs to no backend', async () => {
    for (const iss of [`${String(preset.sample['iss'])}x`, 'https://evil.example', undefined]) {
      expect(await login(withClaim(preset.sample, 'iss', iss))).toBe('unlisted-issuer');
    }
  });

  it('is refused without a claim that is bound, or with another value', async () => {
    const claims = Object.keys(boundOf(preset));

    expect(claims).toEqual([...preset.bind, ...preset.guards.map(({ claim }) => claim)]);
    for (const claim of claims) {
      const missing = await login(withClaim(preset.sample, claim, undefined));
      expect(missing).toContain(`claim-not-bound: the claim ${claim} is missing`);
      const other = await login(withClaim(preset.sample, claim, 'another'));
      expect(other).toContain(`claim-not-bound: the claim ${claim} is "another"`);
    }
  });

  it('keeps its user name, and gains no group of another, whatever a job chooses', async () => {
    const { user, groups = [] } = NAMES[name] ?? {};
    const chosen = [...preset.claims.callerChosen, ...preset.claims.callerShaped].map((claim) =>
      claim.replaceAll('*', 'x'),
    );
    for (const claim of chosen) {
      for (const value of HOSTILE) {
        const result = await login(withClaim(preset.sample, claim, value));
        if (typeof result === 'string') continue;
        expect([claim, value, result.username]).toEqual([claim, value, user]);
        const gained = [...result.groups].filter((group) => !groups.includes(group));
        const encoded = value.replaceAll(/[@%]/g, (char) => encodeURIComponent(char));
        expect(gained.filter((group) => !group.endsWith(`@${encoded}`))).toEqual([]);
        expect([...result.attributes.keys()]).not.toContain(`claim:${claim}`);
      }
    }
  });
});

it('a job of CircleCI that runs again with SSH has neither the group of its ref nor of its contexts', async () => {
  const preset = SYSTEMS.find(({ name }) => name === 'circleci');
  if (preset === undefined) throw new Error('expected the preset circleci');
  const { 'oidc.circleci.com/ssh-rerun': _, ...bound } = boundOf(preset);
  const login = (claims: typeof preset.sample) => tokens.login(preset, { bound }, claims);

  expect(namesOf(await login(preset.sample))).toEqual(NAMES['circleci']);
  for (const value of [true, 'true', undefined, '']) {
    expect(namesOf(await login(withClaim(preset.sample, 'oidc.circleci.com/ssh-rerun', value)))).toMatchObject({
      groups: ['circleci-project:33333333-0000-4000-8000-000000000002', 'circleci-repo:github.com/octo-org/octo-app'],
    });
  }
});

it('every preset has names in this test', () => {
  expect(Object.keys(NAMES)).toEqual(SYSTEMS.map(({ name }) => name));
});
