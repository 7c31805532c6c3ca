/** The claims of tokens as GitHub, GitLab and Kubernetes give them (their documentation's examples), for any issuer. */
import type { Claims } from './token-issuer.ts';

export const AUDIENCE = 'registry.example.com';

export function githubClaims(changes: { readonly repository?: string } & Claims = {}): Claims {
  const { repository = 'octo-org/octo-app' } = changes;
  const [owner = ''] = repository.split('/');
  return {
    sub: `repo:${repository}:ref:refs/heads/main`,
    aud: AUDIENCE,
    ref: 'refs/heads/main',
    ref_type: 'branch',
    ref_protected: 'true',
    sha: 'example-sha',
    repository,
    repository_owner: owner,
    repository_owner_id: '65',
    repository_id: '74',
    repository_visibility: 'private',
    run_id: '1234',
    run_number: '10',
    run_attempt: '2',
    runner_environment: 'github-hosted',
    actor: 'octocat',
    actor_id: '12',
    workflow: 'release',
    workflow_ref: `${repository}/.github/workflows/release.yml@refs/heads/main`,
    job_workflow_ref: `${repository}/.github/workflows/release.yml@refs/heads/main`,
    event_name: 'push',
    ...changes,
  };
}

export function gitlabClaims(changes: { readonly project_path?: string } & Claims = {}): Claims {
  const { project_path: path = 'shop/web' } = changes;
  return {
    sub: `project_path:${path}:ref_type:branch:ref:main`,
    aud: AUDIENCE,
    namespace_id: '72',
    namespace_path: path.split('/').slice(0, -1).join('/'),
    project_id: '20',
    project_path: path,
    user_id: '1',
    user_login: 'sample-user',
    user_email: 'sample-user@example.com',
    user_access_level: 'developer',
    pipeline_id: '574',
    pipeline_source: 'push',
    job_id: '302',
    ref: 'main',
    ref_type: 'branch',
    ref_path: 'refs/heads/main',
    ref_protected: 'true',
    runner_environment: 'gitlab-hosted',
    project_visibility: 'public',
    ...changes,
  };
}

export function kubernetesClaims(
  changes: { readonly namespace?: string; readonly name?: string } & Claims = {},
): Claims {
  const { namespace = 'team-web', name = 'builder', ...others } = changes;
  return {
    sub: `system:serviceaccount:${namespace}:${name}`,
    aud: [AUDIENCE],
    'kubernetes.io': {
      namespace,
      node: { name: 'node-1', uid: '646e7c5e' },
      pod: { name: 'builder-0', uid: '8e6f7a70' },
      serviceaccount: { name, uid: '14ee3fa4' },
    },
    ...others,
  };
}
