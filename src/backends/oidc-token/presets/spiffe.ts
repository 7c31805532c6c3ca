import { definePreset } from './preset.ts';

export const spiffe = definePreset({
  name: 'spiffe',
  title: 'SPIFFE and SPIRE',
  issuers: [
    { form: 'https://{host}', of: 'the OIDC Discovery Provider of SPIRE, with `jwt_issuer`' },
    {
      form: 'spiffe://{domain}',
      of: 'tokens without `iss`: the trust domain of `sub` counts as the issuer, and `keys` is required',
    },
  ],
  username: 'spiffe:{claim:sub}',
  groups: [{ template: 'spiffe-id:{claim:sub}' }],
  audience: { defaults: [] },
  claims: {
    ids: {},
    owners: { sub: ['spiffe://{domain}/*'] },
    callerChosen: [],
    callerShaped: [],
    onRequest: {},
  },
  bind: ['sub'],
  guards: [],
  request: '`spire-agent api fetch jwt -audience registry.example.com`, or the Workload API',
  sample: {
    iss: 'https://oidc.spire.example.org',
    aud: ['registry.example.com'],
    sub: 'spiffe://example.org/ns/team-web/sa/builder',
  },
  facts: [
    {
      about: 'sub, aud, typ JWT or JOSE, no kid required, no iss required',
      source: 'github.com/spiffe/spiffe: standards/JWT-SVID.md',
      basis: 'document',
    },
    {
      about: 'keys of the discovery provider, without use unless set_key_use',
      source: 'github.com/spiffe/spire: support/oidc-discovery-provider/README.md',
      basis: 'document',
    },
    {
      about: 'keys of a trust bundle have the use jwt-svid',
      source: 'github.com/spiffe/spiffe: standards/SPIFFE_Trust_Domain_and_Bundle.md',
      basis: 'document',
    },
  ],
});
