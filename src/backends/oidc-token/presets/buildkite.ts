import { definePreset } from './preset.ts';

const DOCUMENT = 'github.com/buildkite/docs: pages/agent/cli/reference/oidc.md';

export const buildkite = definePreset({
  name: 'buildkite',
  title: 'Buildkite',
  issuers: [{ form: 'https://agent.buildkite.com', isPublic: true }],
  defaultIssuer: 'https://agent.buildkite.com',
  username: 'buildkite:{claim:organization_slug}/{claim:pipeline_slug}',
  groups: [
    { template: 'buildkite-pipeline:{claim:organization_slug}/{claim:pipeline_slug}' },
    { template: 'buildkite-pipeline-id:{claim:pipeline_id}' },
    {
      // Who starts a build in another way names its branch and its commit, and one need not be on the other.
      template: 'buildkite-branch:{claim:organization_slug}/{claim:pipeline_slug}@{claim:build_branch}',
      when: { build_source: ['webhook', 'schedule'] },
      otherwise: {
        template: 'buildkite-named-branch:{claim:organization_slug}/{claim:pipeline_slug}@{claim:build_branch}',
        warning: 'a person, another job or the API has started its build, and has chosen its branch and its commit',
      },
    },
    { template: 'buildkite-cluster-id:{claim:cluster_id}' },
  ],
  audience: { defaults: ['https://buildkite.com/*'] },
  claims: {
    ids: { organization_slug: 'organization_id', pipeline_slug: 'pipeline_id', sub: 'organization_id' },
    owners: {
      organization_id: [],
      organization_slug: [],
      pipeline_id: [],
      cluster_id: [],
      sub: ['organization:{organization}:*'],
    },
    callerChosen: ['build_branch', 'build_tag', 'step_key', 'agent_tag:*', 'cluster_name', 'queue_key'],
    // A job replaces it by an id (--subject-claim): of its own organization, or of the job.
    callerShaped: ['sub'],
    onRequest: {
      organization_id: '--claim organization_id',
      pipeline_id: '--claim pipeline_id',
      cluster_id: '--claim cluster_id',
      queue_id: '--claim queue_id',
    },
  },
  bind: ['organization_id'],
  guards: [],
  request: '`buildkite-agent oidc request-token --audience registry.example.com --claim organization_id,pipeline_id`',
  sample: {
    iss: 'https://agent.buildkite.com',
    aud: 'registry.example.com',
    sub: 'organization:acme-inc:pipeline:app:ref:refs/heads/main:commit:9f3182061f1e2cca4702c368cbc039b7dc9d4485:step:build',
    organization_slug: 'acme-inc',
    organization_id: '0184990a-477b-4fa8-9968-496074483c77',
    pipeline_slug: 'app',
    pipeline_id: '0184990a-4782-42b5-afc1-16715b10b1a0',
    build_number: 1,
    build_branch: 'main',
    build_commit: '9f3182061f1e2cca4702c368cbc039b7dc9d4485',
    step_key: null,
    build_source: 'webhook',
    runner_environment: 'self-hosted',
  },
  facts: [
    { about: 'claims, those on request, audience, lifetime, custom subjects', source: DOCUMENT, basis: 'document' },
    {
      about: 'the issuer is shared by everybody',
      source: 'github.com/sigstore/fulcio: config/identity/config.yaml',
      basis: 'code',
    },
  ],
});
