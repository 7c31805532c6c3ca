import { definePreset } from './preset.ts';

export const google = definePreset({
  name: 'google',
  title: 'Google Cloud service accounts',
  issuers: [{ form: 'https://accounts.google.com', isPublic: true }],
  defaultIssuer: 'https://accounts.google.com',
  username: 'google:{claim:sub}',
  groups: [
    { template: 'google-account:{claim:email}' },
    { template: 'google-project:{claim:/google/compute_engine/project_id}' },
  ],
  audience: { defaults: ['32555940559.apps.googleusercontent.com'] },
  claims: {
    ids: { email: 'sub' },
    owners: {
      sub: [],
      azp: [],
      hd: [],
      email: ['*@{project}.iam.gserviceaccount.com'],
      '/google/compute_engine/project_id': [],
      '/google/compute_engine/project_number': [],
    },
    callerChosen: ['/google/compute_engine/instance_name'],
    callerShaped: [],
    onRequest: {
      email: '--include-email, or format=full at the metadata server',
      '/google/compute_engine/project_id': 'format=full at the metadata server of a Compute Engine instance',
      '/google/compute_engine/project_number': 'format=full at the metadata server of a Compute Engine instance',
    },
  },
  bind: ['sub'],
  guards: [],
  request:
    '`curl -H "Metadata-Flavor: Google" "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/identity?audience=registry.example.com&format=full"`',
  sample: {
    iss: 'https://accounts.google.com',
    aud: 'registry.example.com',
    azp: '112010400000000710080',
    sub: '112010400000000710080',
    email: 'ci@my-proj.iam.gserviceaccount.com',
    email_verified: true,
    google: {
      compute_engine: {
        instance_id: '152986662232938449',
        instance_name: 'builder-1',
        project_id: 'my-proj',
        project_number: 739_419_398_126,
        zone: 'us-west1-b',
      },
    },
  },
  facts: [
    {
      about: 'issuer, claims of Compute Engine, audience and lifetime',
      source: 'cloud.google.com: Compute Engine, verify the identity of a VM',
      basis: 'document',
    },
    {
      about: 'email only on request; the default audience of gcloud',
      source: 'cloud.google.com: gcloud auth print-identity-token',
      basis: 'document',
    },
    {
      about: 'the default service account of a project is that of all its jobs',
      source: 'github.com/pypi/warehouse: docs/user/trusted-publishers/security-model.md',
      basis: 'document',
    },
    { about: 'numeric ids of accounts and projects are not used again', source: 'reports', basis: 'unverified' },
  ],
});
