import { definePreset } from './preset.ts';

const PROJECT = 'oidc.circleci.com/project-id';
const ORIGIN = 'oidc.circleci.com/vcs-origin';
const REF = 'oidc.circleci.com/vcs-ref';
const SSH = 'oidc.circleci.com/ssh-rerun';

export const circleci = definePreset({
  name: 'circleci',
  title: 'CircleCI',
  issuers: [
    { form: 'https://oidc.circleci.com/org/{organization}' },
    { form: 'https://oidc.circleci.com', of: 'all organizations', isPublic: true },
  ],
  username: `circleci:{claim:${PROJECT}}`,
  groups: [
    { template: `circleci-project:{claim:${PROJECT}}` },
    { template: `circleci-repo:{claim:${ORIGIN}}` },
    // With SSH, a person has a shell in the job.
    { template: `circleci-ref:{claim:${ORIGIN}}@{claim:${REF}}`, when: { [SSH]: 'false' } },
    { template: 'circleci-context:{claim:oidc.circleci.com/context-ids}', when: { [SSH]: 'false' } },
  ],
  audience: { defaults: ['{organization}'] },
  claims: {
    ids: { [ORIGIN]: PROJECT, sub: PROJECT },
    owners: { [PROJECT]: [], sub: ['org/{organization}/*'] },
    callerChosen: [],
    callerShaped: [],
    onRequest: {
      [ORIGIN]: 'pipelines that a custom webhook starts do not have it',
      [REF]: 'pipelines that a custom webhook starts do not have it',
    },
  },
  bind: [PROJECT],
  guards: [
    {
      claim: SSH,
      values: ['false'],
      admits: 'jobs that are run again with SSH, in which a person has a shell',
      otherwise: 'a person may have a shell in its job',
    },
  ],
  request: '`circleci run oidc get --claims \'{"aud": "registry.example.com"}\'`',
  sample: {
    iss: 'https://oidc.circleci.com/org/22222222-0000-4000-8000-000000000001',
    aud: 'registry.example.com',
    sub: 'org/22222222-0000-4000-8000-000000000001/project/33333333-0000-4000-8000-000000000002/user/44444444-0000-4000-8000-000000000003/vcs-origin/github.com/octo-org/octo-app/vcs-ref/refs/heads/main',
    [PROJECT]: '33333333-0000-4000-8000-000000000002',
    [ORIGIN]: 'github.com/octo-org/octo-app',
    [REF]: 'refs/heads/main',
    'oidc.circleci.com/context-ids': ['55555555-0000-4000-8000-000000000004'],
    [SSH]: false,
  },
  facts: [
    {
      about: 'claims, audience, lifetime, tokens of forks',
      source: 'github.com/circleci/circleci-docs: openid-connect-tokens.adoc',
      basis: 'document',
    },
    {
      about: 'own audiences',
      source: 'github.com/circleci/circleci-docs: oidc-tokens-with-custom-claims.adoc',
      basis: 'document',
    },
    {
      about: 'the issuer of all organizations and those of single ones',
      source: 'github.com/sigstore/fulcio: config/identity/config.yaml',
      basis: 'code',
    },
  ],
});
