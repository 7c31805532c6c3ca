import { definePreset } from './preset.ts';
import { EVENT_GUARD, TRUSTED_EVENTS } from './trusted-events.ts';

const DOCUMENT = 'docs.github.com: Actions, OpenID Connect reference';

export const githubActions = definePreset({
  name: 'github-actions',
  title: 'GitHub Actions',
  issuers: [
    { form: 'https://token.actions.githubusercontent.com', isPublic: true },
    { form: 'https://token.actions.githubusercontent.com/{enterprise}', of: 'an enterprise with an issuer of its own' },
    { form: 'https://token.actions.{subdomain}.ghe.com', of: 'GitHub Enterprise Cloud with data residency' },
    { form: 'https://{host}/_services/token', of: 'GitHub Enterprise Server' },
  ],
  defaultIssuer: 'https://token.actions.githubusercontent.com',
  username: 'github:{claim:repository_id}',
  groups: [
    { template: 'repo:{claim:repository}' },
    { template: 'repo-id:{claim:repository_id}' },
    { template: 'event:{claim:repository}@{claim:event_name}' },
    { template: 'ref:{claim:repository}@{claim:ref}', when: { event_name: TRUSTED_EVENTS } },
    { template: 'environment:{claim:repository}@{claim:environment}', when: { event_name: TRUSTED_EVENTS } },
  ],
  audience: {
    defaults: ['https://github.com/*', 'https://{subdomain}.ghe.com/{owner}', 'https://{host}/{owner}'],
  },
  claims: {
    ids: {
      repository: 'repository_id',
      repository_owner: 'repository_owner_id',
      enterprise: 'enterprise_id',
      sub: 'repository_owner_id',
      workflow_ref: 'repository_id',
    },
    owners: {
      repository_owner_id: [],
      repository_id: [],
      enterprise_id: [],
      repository_owner: [],
      repository: ['{owner}/*'],
      enterprise: [],
      workflow_ref: ['{owner}/*'],
      sub: [
        'repo:{owner}/*',
        'repository_owner:{owner}:*',
        'repository_owner_id:{id}:*',
        'repository_id:{id}:*',
        'repository:{owner}/*',
      ],
    },
    callerChosen: ['actor', 'actor_id', 'head_ref', 'base_ref', 'workflow', 'environment'],
    callerShaped: ['sub', 'workflow_ref'],
    onRequest: {},
  },
  bind: ['repository_owner_id'],
  guards: [EVENT_GUARD],
  request:
    '`permissions: { id-token: write }`, then `"$ACTIONS_ID_TOKEN_REQUEST_URL&audience=registry.example.com"` with the bearer `$ACTIONS_ID_TOKEN_REQUEST_TOKEN`',
  sample: {
    iss: 'https://token.actions.githubusercontent.com',
    aud: 'registry.example.com',
    sub: 'repo:octo-org@65/octo-app@74:ref:refs/heads/main',
    repository: 'octo-org/octo-app',
    repository_id: '74',
    repository_owner: 'octo-org',
    repository_owner_id: '65',
    ref: 'refs/heads/main',
    ref_type: 'branch',
    event_name: 'push',
    environment: 'production',
    workflow_ref: 'octo-org/octo-app/.github/workflows/image.yml@refs/heads/main',
    runner_environment: 'github-hosted',
  },
  facts: [
    { about: 'issuers, claims, the default audience and the forms of sub', source: DOCUMENT, basis: 'document' },
    {
      about: 'the issuer is shared by everybody; an enterprise can have one of its own',
      source: 'github.com/sigstore/fulcio: config/identity/config.yaml',
      basis: 'code',
    },
    {
      about: 'ids do not pass to another owner, names do; ref can be empty',
      source: 'github.com/pypi/warehouse: warehouse/oidc/models/github.py',
      basis: 'code',
    },
  ],
});
