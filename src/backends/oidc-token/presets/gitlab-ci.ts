import { definePreset } from './preset.ts';

export const gitlabCi = definePreset({
  name: 'gitlab-ci',
  title: 'GitLab CI',
  issuers: [
    { form: 'https://gitlab.com', isPublic: true, servesPeople: true },
    { form: 'https://salsa.debian.org', isPublic: true, servesPeople: true },
    { form: 'https://framagit.org', isPublic: true, servesPeople: true },
    { form: 'https://{host}', of: 'a self-managed GitLab: its URL, with the path if it has one' },
  ],
  defaultIssuer: 'https://gitlab.com',
  username: 'gitlab:{claim:project_id}',
  groups: [
    { template: 'project:{claim:project_path}' },
    { template: 'project-id:{claim:project_id}' },
    {
      // The pipeline of a merge request has the name of its source branch as `ref`.
      template: 'ref:{claim:project_path}@{claim:ref_type}/{claim:ref}',
      unless: { pipeline_source: ['merge_request_event', 'external_pull_request_event'] },
    },
    {
      // With other actions (access, verify), a job does not deploy and needs no permission to.
      template: 'environment:{claim:project_path}@{claim:environment}',
      when: { environment_protected: 'true', environment_action: ['start', 'prepare', 'stop'] },
      otherwise: {
        template: 'unprotected-environment:{claim:project_path}@{claim:environment}',
        warning:
          'its environment is not protected, or it does not deploy to it: every developer of the project can have such a job',
      },
    },
  ],
  audience: { defaults: ['https://gitlab.com'] },
  claims: {
    ids: { project_path: 'project_id', namespace_path: 'namespace_id', sub: 'project_id' },
    owners: {
      namespace_id: [],
      namespace_path: ['{top}/*'],
      project_id: [],
      project_path: ['{top}/*'],
      sub: ['project_path:{top}/*', 'project_id:{id}:*', 'namespace_id:{id}:*'],
    },
    callerChosen: ['user_login', 'user_email', 'environment'],
    callerShaped: ['sub'],
    onRequest: {},
  },
  bind: ['namespace_id'],
  guards: [{ claim: 'ref_protected', values: ['true'] }],
  request: '`id_tokens: { REGISTRY_TOKEN: { aud: registry.example.com } }`',
  sample: {
    iss: 'https://gitlab.com',
    aud: 'registry.example.com',
    sub: 'project_path:shop/web:ref_type:branch:ref:main',
    namespace_id: '72',
    namespace_path: 'shop',
    project_id: '20',
    project_path: 'shop/web',
    user_login: 'sample-user',
    user_email: 'sample-user@example.com',
    pipeline_source: 'push',
    ref: 'main',
    ref_type: 'branch',
    ref_path: 'refs/heads/main',
    ref_protected: 'true',
    environment: 'production',
    environment_protected: 'true',
    environment_action: 'start',
  },
  facts: [
    {
      about: 'claims, audiences and the parts of sub that maintainers choose',
      source: 'docs.gitlab.com: CI/CD, ID token authentication',
      basis: 'document',
    },
    {
      about: 'ref_protected, environment_protected and environment_action; CE has no protected environments',
      source: 'github.com/gitlabhq/gitlabhq: lib/gitlab/ci/jwt.rb',
      basis: 'code',
    },
    {
      about: 'everybody can have an account at salsa.debian.org and framagit.org',
      source: 'both sites',
      basis: 'unverified',
    },
  ],
});
