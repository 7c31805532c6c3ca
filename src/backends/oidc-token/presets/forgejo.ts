import { definePreset } from './preset.ts';
import { EVENT_GUARD, TRUSTED_EVENTS } from './trusted-events.ts';

const DOCUMENT = 'forgejo.org: user guide, Actions, security OpenID Connect';

export const forgejo = definePreset({
  name: 'forgejo',
  title: 'Forgejo Actions',
  issuers: [{ form: 'https://codeberg.org/api/actions', isPublic: true }, { form: 'https://{host}/api/actions' }],
  username: 'forgejo:{claim:repository_id}',
  groups: [
    { template: 'forgejo-repo:{claim:repository}' },
    { template: 'forgejo-repo-id:{claim:repository_id}' },
    { template: 'forgejo-event:{claim:repository}@{claim:event_name}' },
    { template: 'forgejo-ref:{claim:repository}@{claim:ref}', when: { event_name: TRUSTED_EVENTS } },
  ],
  audience: { defaults: [] },
  claims: {
    ids: { repository: 'repository_id', repository_owner: 'repository_owner_id', sub: 'repository_owner_id' },
    // In `sub`, ids follow names after a dash, which names may have too: no pattern of it identifies an owner.
    owners: { repository_owner_id: [], repository_id: [], repository_owner: [], repository: ['{owner}/*'] },
    callerChosen: ['actor', 'actor_id', 'head_ref', 'base_ref', 'workflow'],
    callerShaped: ['sub', 'workflow_ref'],
    onRequest: {
      repository_id: 'Forgejo 15 or newer gives it',
      repository_owner_id: 'Forgejo 15 or newer gives it',
    },
  },
  bind: ['repository_owner_id'],
  guards: [EVENT_GUARD],
  request:
    '`enable-openid-connect: true` in the job, then `"$ACTIONS_ID_TOKEN_REQUEST_URL&audience=registry.example.com"` with the bearer `$ACTIONS_ID_TOKEN_REQUEST_TOKEN`',
  sample: {
    iss: 'https://forge.example.com/api/actions',
    aud: 'registry.example.com',
    sub: 'repo:my-org-123456/my-repo-456789:ref:refs/heads/main',
    repository: 'my-org/my-repo',
    repository_id: '456789',
    repository_owner: 'my-org',
    repository_owner_id: '123456',
    ref: 'refs/heads/main',
    event_name: 'push',
  },
  facts: [
    { about: 'issuer, how a job asks for a token, none for forks', source: DOCUMENT, basis: 'document' },
    { about: 'ids in claims and in sub', source: 'codeberg.org/forgejo/forgejo#12355', basis: 'code' },
    { about: 'everybody can have an account at codeberg.org', source: 'codeberg.org', basis: 'unverified' },
  ],
});
