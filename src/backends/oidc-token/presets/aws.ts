import { definePreset } from './preset.ts';

const CLAIMS = '/https:~1~1sts.amazonaws.com~1';

export const aws = definePreset({
  name: 'aws',
  title: 'AWS (IAM outbound identity federation)',
  issuers: [{ form: 'https://{id}.tokens.sts.global.api.aws', of: 'one for each account' }],
  username: 'aws:{claim:sub}',
  groups: [{ template: 'aws-role:{claim:sub}' }, { template: `aws-account:{claim:${CLAIMS}/aws_account}` }],
  audience: { defaults: ['sts.amazonaws.com'] },
  claims: {
    ids: {},
    owners: {
      [`${CLAIMS}/aws_account`]: [],
      [`${CLAIMS}/org_id`]: [],
      sub: ['arn:aws:iam::{account}:*'],
    },
    callerChosen: [`${CLAIMS}/request_tags/*`],
    callerShaped: [],
    onRequest: {},
  },
  bind: [`${CLAIMS}/aws_account`],
  guards: [],
  request:
    '`aws sts get-web-identity-token --audience registry.example.com --signing-algorithm ES384`, at a regional endpoint',
  sample: {
    iss: 'https://a1d2c3b4-0000-4000-8000-1234567890ab.tokens.sts.global.api.aws',
    aud: 'registry.example.com',
    sub: 'arn:aws:iam::123456789012:role/CiPush',
    'https://sts.amazonaws.com/': {
      aws_account: '123456789012',
      org_id: 'o-abc1234567',
      source_region: 'eu-west-1',
      principal_tags: { team: 'web' },
      request_tags: { team: 'payments' },
    },
  },
  facts: [
    {
      about: 'issuer, claims, request tags that the caller chooses',
      source: 'docs.aws.amazon.com: IAM user guide, outbound identity federation, understanding token claims',
      basis: 'document',
    },
    {
      about: 'algorithms, lifetime, audiences, regional endpoints only',
      source: 'docs.aws.amazon.com: STS, GetWebIdentityToken',
      basis: 'document',
    },
    {
      about: 'a deleted role can be created again with the same ARN',
      source: 'docs.aws.amazon.com: IAM identifiers',
      basis: 'unverified',
    },
  ],
});
