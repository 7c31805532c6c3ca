/** The recipes for GitHub Actions and GitLab CI grant push to the intended jobs, and to no job that imitates one. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { githubClaims, gitlabClaims } from '../../support/ci-claims.ts';
import { openRecipeJobs } from '../../support/recipe-jobs.ts';
import type { RecipeJobs } from '../../support/recipe-jobs.ts';

const BOTH = 'pull,push';

describe('with the recipe for GitHub Actions,', () => {
  const APP = `octo-org/octo-app/web:${BOTH}`;
  const RELEASE = `octo-org/octo-app/release/web:${BOTH}`;
  let jobs: RecipeJobs;
  beforeAll(async () => {
    jobs = await openRecipeJobs('github-actions', 'https://token.actions.githubusercontent.com');
  });
  afterAll(() => jobs[Symbol.asyncDispose]());

  it.each([
    ['a push to main', {}, APP],
    ['a push to main with the new form of sub', { sub: 'repo:octo-org@65/octo-app@74:ref:refs/heads/main' }, APP],
    ['a push to main with a customised sub', { sub: 'repository_owner:octo-org' }, APP],
    ['a scheduled job of main', { event_name: 'schedule' }, APP],
    ['a job of main that somebody with write access starts', { event_name: 'workflow_dispatch' }, APP],
    ['a release from main in production', { environment: 'production' }, RELEASE],
  ])('%s pulls and pushes', async (_what, claims, scope) => {
    expect(await jobs.granted(githubClaims(claims), scope)).toBe(BOTH);
  });

  const feature = { ref: 'refs/heads/feature' };
  it.each([
    ['of a feature branch', { ...feature, sub: 'repo:octo-org/octo-app:ref:refs/heads/feature' }, APP],
    ['of a feature branch', { ...feature, sub: 'repo:octo-org/octo-app:ref:refs/heads/feature' }, RELEASE],
    ['of a feature branch with the sub of main', feature, APP],
    ['of a feature branch with a sub of the owner only', { ...feature, sub: 'repository_owner:octo-org' }, RELEASE],
    ['of a tag that is named like main', { ref: 'refs/tags/main', ref_type: 'tag' }, APP],
    ['of a branch whose name contains main', { ref: 'refs/heads/x@refs/heads/main' }, APP],
    ['of main with a customised sub, without environment', { sub: 'repository_owner:octo-org' }, RELEASE],
    ['of main with a sub that names production', { sub: 'repo:octo-org/octo-app:environment:production' }, RELEASE],
    ['of main in an environment whose name ends like production', { environment: 'x@production' }, RELEASE],
    ['of a feature branch in an environment', { ...feature, environment: 'production' }, RELEASE],
    ['without a ref', { ref: '' }, APP],
  ])('a job %s pulls and does not push (%j, %s)', async (_what, claims, scope) => {
    expect(await jobs.granted(githubClaims(claims), scope)).toBe('pull');
  });

  it.each([
    ['of a pull request', { event_name: 'pull_request', ref: 'refs/pull/7/merge' }],
    ['of pull_request_target, whose ref is main', { event_name: 'pull_request_target' }],
    ['of workflow_run, whose ref is main', { event_name: 'workflow_run' }],
    ['of issue_comment, whose ref is main', { event_name: 'issue_comment' }],
    ['without an event', { event_name: undefined }],
    ['of a fork', { repository: 'mallory/octo-app', repository_owner_id: '666', repository_id: '667' }],
    ['of an account that took over the name', { repository_owner_id: '999999' }],
    ['without the id of its owner', { repository_owner_id: undefined }],
  ])('a job %s is refused', async (_what, claims) => {
    expect(await jobs.granted(githubClaims(claims), APP)).toBe('claim-not-bound');
  });

  it('a renamed organisation has no rights in the namespace of its new name', async () => {
    expect(await jobs.granted(githubClaims({ repository: 'library/web' }), 'library/web/x:pull,push')).toBe('');
  });
});

describe('with the recipe for GitLab CI,', () => {
  const APP = `shop/web/app:${BOTH}`;
  const RELEASE = `shop/web/release/app:${BOTH}`;
  const production = { environment: 'production', environment_protected: 'true', environment_action: 'start' };
  let jobs: RecipeJobs;
  beforeAll(async () => {
    jobs = await openRecipeJobs('gitlab-ci', 'https://gitlab.com');
  });
  afterAll(() => jobs[Symbol.asyncDispose]());

  it.each([
    ['a job of main', {}, APP],
    ['a job of main with a customised sub', { sub: 'project_id:20' }, APP],
    ['a job of main of a subgroup', { project_path: 'shop/eu/web', namespace_id: '73' }, 'shop/eu/web/app:pull,push'],
    ['a deployment to the protected environment', production, RELEASE],
  ])('%s pulls and pushes', async (_what, claims, scope) => {
    expect(await jobs.granted(gitlabClaims(claims), scope)).toBe(BOTH);
  });

  it.each([
    ['of another protected branch', { ref: 'stable' }, APP],
    ['of another branch with the sub of main', { ref: 'stable', sub: gitlabClaims()['sub'] }, APP],
    ['of a tag that is named like main', { ref_type: 'tag' }, APP],
    ['of a merge request from a branch named main', { pipeline_source: 'merge_request_event' }, APP],
    [
      'of another branch of a subgroup',
      { project_path: 'shop/eu/web', namespace_id: '73', ref: 'x' },
      'shop/eu/web/a:pull,push',
    ],
    ['without environment', {}, RELEASE],
    ['in an environment that is not protected', { ...production, environment_protected: 'false' }, RELEASE],
    ['that only verifies the environment', { ...production, environment_action: 'verify' }, RELEASE],
    ['that only accesses the environment', { ...production, environment_action: 'access' }, RELEASE],
    ['whose environment contains production', { ...production, environment: 'x@production' }, RELEASE],
  ])('a job %s pulls and does not push', async (_what, claims, scope) => {
    expect(await jobs.granted(gitlabClaims(claims), scope)).toBe('pull');
  });

  it.each([
    ['of a branch that is not protected', { ref_protected: 'false' }],
    ['of another project that took over the path', { sub: 'project_id:88888:ref:main', namespace_id: '4711' }],
    ['of a fork', { project_path: 'mallory/web', namespace_id: '666', project_id: '667' }],
  ])('a job %s is refused', async (_what, claims) => {
    expect(await jobs.granted(gitlabClaims(claims), APP)).toBe('claim-not-bound');
  });
});
