import { definePreset } from './preset.ts';

/** Any other issuer: only the configuration says what its claims mean. */
export const generic = definePreset({
  name: 'generic',
  title: 'any other issuer',
  issuers: [],
  username: '{claim:sub}',
  groups: [],
  audience: { defaults: [] },
  claims: {
    ids: {},
    owners: {},
    callerChosen: ['*/request_tags/*', 'agent_tag:*'],
    callerShaped: [],
    onRequest: {},
  },
  bind: ['sub'],
  guards: [],
  request: 'as the system documents it',
  sample: { iss: 'https://ci.example.com', aud: 'registry.example.com', sub: 'job-1' },
  facts: [],
});
