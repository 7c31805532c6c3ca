import { definePreset } from './preset.ts';

export const bitbucket = definePreset({
  name: 'bitbucket',
  title: 'Bitbucket Pipelines',
  issuers: [{ form: 'https://api.bitbucket.org/2.0/workspaces/{workspace}/pipelines-config/identity/oidc' }],
  username: 'bitbucket:{claim:repositoryUuid}',
  groups: [
    { template: 'bitbucket-repo:{claim:repositoryUuid}' },
    { template: 'bitbucket-branch:{claim:repositoryUuid}@{claim:branchName}' },
    { template: 'bitbucket-environment:{claim:repositoryUuid}@{claim:deploymentEnvironmentUuid}' },
  ],
  audience: { defaults: ['ari:cloud:bitbucket::workspace/*'] },
  claims: {
    ids: { sub: 'repositoryUuid' },
    owners: { workspaceUuid: [], repositoryUuid: [], sub: ['{repository}:*'] },
    callerChosen: [],
    callerShaped: [],
    onRequest: {},
  },
  bind: ['workspaceUuid'],
  guards: [],
  request: '`oidc: { audiences: [registry.example.com] }` in the step, then `$BITBUCKET_STEP_OIDC_TOKEN`',
  sample: {
    iss: 'https://api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc',
    aud: 'registry.example.com',
    sub: '{9a8b7c6d-0000-4000-8000-000000000001}:{0f3e2d1c-0000-4000-8000-000000000002}',
    repositoryUuid: '{9a8b7c6d-0000-4000-8000-000000000001}',
    workspaceUuid: '{77777777-0000-4000-8000-000000000003}',
    pipelineUuid: '{12345678-0000-4000-8000-000000000004}',
    stepUuid: '{0f3e2d1c-0000-4000-8000-000000000002}',
    deploymentEnvironmentUuid: '{d0000000-0000-4000-8000-000000000005}',
    branchName: 'main',
  },
  facts: [
    {
      about: 'issuer, claims, audiences',
      source: 'support.atlassian.com: Integrate Pipelines with resource servers using OIDC',
      basis: 'document',
    },
    {
      about: 'the names of the claims, ids in braces',
      source: 'github.com/gravitational/teleport: lib/bitbucket/bitbucket.go',
      basis: 'code',
    },
    {
      about: 'the metadata exist only after the first pipeline with OIDC has run',
      source: 'ui.shadcn.com: OIDC providers, Bitbucket',
      basis: 'document',
    },
  ],
});
