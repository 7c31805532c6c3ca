import { definePreset } from './preset.ts';

export const jenkins = definePreset({
  name: 'jenkins',
  title: 'Jenkins (plugin oidc-provider)',
  issuers: [
    { form: 'https://{host}/oidc' },
    { form: 'https://{host}/job/{folder}/oidc', of: 'a credential in a folder: the folder’s own issuer and key' },
  ],
  username: 'jenkins:{claim:sub}',
  groups: [{ template: 'jenkins-job:{claim:sub}' }],
  audience: { defaults: [] },
  claims: {
    ids: {},
    owners: { sub: ['https://{host}/job/{folder}/*'] },
    callerChosen: [],
    callerShaped: [],
    onRequest: {},
  },
  bind: ['sub'],
  guards: [],
  request:
    'a credential of the type “OpenID Connect id token” with the audience registry.example.com, read with `withCredentials`',
  sample: {
    iss: 'https://jenkins.acme.com/oidc',
    aud: 'registry.example.com',
    sub: 'https://jenkins.acme.com/job/team/job/web%20app/',
    build_number: 12,
  },
  facts: [
    {
      about: 'issuers, sub, the audience in the credential, claims made of build variables',
      source: 'github.com/jenkinsci/oidc-provider-plugin: README.md',
      basis: 'document',
    },
    { about: 'tokens live for an hour', source: 'reports', basis: 'unverified' },
  ],
});
