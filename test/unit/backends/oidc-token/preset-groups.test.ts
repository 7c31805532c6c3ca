/** The groups that presets give, whatever else is bound: a policy relies on them. */
import { expect, it } from 'vitest';
import { oidcTokenConfig } from '../../../../src/backends/oidc-token/config.ts';
import { identityOf } from '../../../../src/backends/oidc-token/identity.ts';
import { resolveSettings } from '../../../../src/backends/oidc-token/settings.ts';
import { githubClaims, gitlabClaims } from '../../../support/ci-claims.ts';

function groupsOf(preset: string, claims: Readonly<Record<string, unknown>>): readonly string[] {
  const config = { type: 'oidc-token', name: 'ci', audience: 'registry.example.com', preset, bound: 'everyone' };
  const identity = identityOf(
    { exp: 1_700_000_300, ...claims },
    resolveSettings(oidcTokenConfig.parse(config)).identity,
  );
  return typeof identity === 'string' ? [identity] : [...identity.groups].toSorted();
}

const ALWAYS = ['repo-id:74', 'repo:octo-org/octo-app'];
const TRUSTED = ['environment:octo-org/octo-app@production', 'ref:octo-org/octo-app@refs/heads/main'];

it.each(['push', 'release', 'schedule', 'workflow_dispatch'])(
  'a GitHub job of %s, which needs write access, has the groups of its ref and environment',
  (event) => {
    const groups = groupsOf('github-actions', githubClaims({ event_name: event, environment: 'production' }));

    expect(groups).toEqual([...ALWAYS, ...TRUSTED, `event:octo-org/octo-app@${event}`].toSorted());
  },
);

it.each(['pull_request', 'pull_request_target', 'workflow_run', 'issue_comment', 'an-event-of-tomorrow'])(
  'a GitHub job of %s, which outsiders can cause, has neither',
  (event) => {
    const groups = groupsOf('github-actions', githubClaims({ event_name: event, environment: 'production' }));

    expect(groups).toEqual([...ALWAYS, `event:octo-org/octo-app@${event}`].toSorted());
  },
);

it.each([
  ['push', ['ref:shop/web@branch/main']],
  ['merge_request_event', []],
  ['external_pull_request_event', []],
])('a GitLab job of %s has the groups of its ref: %j', (source, refs) => {
  const groups = groupsOf('gitlab-ci', gitlabClaims({ pipeline_source: source }));

  expect(groups).toEqual(['project-id:20', 'project:shop/web', ...refs].toSorted());
});

it.each([
  ['webhook', 'buildkite-branch'],
  ['schedule', 'buildkite-branch'],
  ['ui', 'buildkite-named-branch'],
  ['api', 'buildkite-named-branch'],
  ['trigger_job', 'buildkite-named-branch'],
  ['a-source-of-tomorrow', 'buildkite-named-branch'],
  [undefined, 'buildkite-named-branch'],
])('a Buildkite job whose build was started by %s has the group %s', (source, group) => {
  const claims = { organization_slug: 'acme-inc', pipeline_slug: 'app', build_branch: 'main', build_source: source };

  expect(groupsOf('buildkite', claims)).toEqual([`${group}:acme-inc/app@main`, 'buildkite-pipeline:acme-inc/app']);
});
