import { definePreset } from './preset.ts';

export const azure = definePreset({
  name: 'azure',
  title: 'Azure managed identities and applications',
  issuers: [
    {
      // The tenant of all personal accounts.
      form: 'https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0',
      of: 'personal accounts',
      isPublic: true,
      servesPeople: true,
    },
    { form: 'https://login.microsoftonline.com/{tenant}/v2.0', of: 'access tokens of version 2', servesPeople: true },
    { form: 'https://sts.windows.net/{tenant}/', of: 'access tokens of version 1, with the slash', servesPeople: true },
  ],
  username: 'azure:{claim:oid}',
  groups: [
    { template: 'azure-role:{claim:roles}' },
    { template: 'azure-app:{claim:azp}' },
    { template: 'azure-app:{claim:appid}' },
  ],
  audience: {
    defaults: [
      'https://management.azure.com*',
      'https://management.core.windows.net*',
      'https://graph.microsoft.com*',
      'https://vault.azure.net*',
      'https://storage.azure.com*',
      '00000003-0000-0000-c000-000000000000',
    ],
  },
  claims: {
    ids: { appid: 'oid', azp: 'oid' },
    owners: { oid: [], sub: [], appid: [], azp: [] },
    callerChosen: ['name', 'preferred_username', 'upn', 'unique_name', 'email'],
    callerShaped: [],
    onRequest: {
      idtyp: 'add the optional claim idtyp to the access tokens of the app registration',
      roles: 'assign an app role of the app registration to the identity',
    },
  },
  bind: ['tid', 'roles'],
  guards: [
    {
      claim: 'idtyp',
      values: ['app'],
      admits: 'people with a token for this application',
      otherwise: 'it may be the token of a person and not of an application',
    },
  ],
  request:
    '`az account get-access-token --resource api://registry.example.com --query accessToken`, for an app registration of your own with an app role; also in Azure Pipelines',
  sample: {
    iss: 'https://sts.windows.net/11111111-2222-4333-8444-555555555555/',
    aud: 'api://registry.example.com',
    appid: '66666666-2222-4333-8444-555555555555',
    idtyp: 'app',
    oid: '33333333-2222-4333-8444-555555555555',
    sub: '33333333-2222-4333-8444-555555555555',
    roles: ['Registry.Push'],
    tid: '11111111-2222-4333-8444-555555555555',
    ver: '1.0',
  },
  facts: [
    {
      about: 'claims of access tokens, issuers of both versions',
      source: 'learn.microsoft.com: Microsoft identity platform, access token claims reference',
      basis: 'document',
    },
    {
      about: 'tokens of managed identities live up to 24 hours',
      source: 'learn.microsoft.com: managed identities, frequently asked questions',
      basis: 'document',
    },
    { about: 'sub equals oid in tokens of applications', source: 'reports', basis: 'unverified' },
  ],
});
