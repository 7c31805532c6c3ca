import { definePreset } from './preset.ts';

export const azurePipelines = definePreset({
  name: 'azure-pipelines',
  title: 'Azure Pipelines service connections',
  issuers: [
    { form: 'https://vstoken.dev.azure.com/{organization}' },
    { form: 'https://login.microsoftonline.com/{tenant}/v2.0', of: 'newer service connections', servesPeople: true },
  ],
  username: 'azure-pipelines:{claim:sub}',
  groups: [{ template: 'azure-connection:{claim:sub}' }],
  audience: {
    defaults: ['api://AzureADTokenExchange*'],
    only: ['api://AzureADTokenExchange', 'api://AzureADTokenExchangeUSGov', 'api://AzureADTokenExchangeChina'],
  },
  claims: {
    ids: {},
    owners: { sub: ['sc://{organization}/*'] },
    callerChosen: [],
    callerShaped: [],
    onRequest: {},
  },
  bind: ['sub'],
  guards: [],
  request:
    '`curl --request POST --header "Content-Type: application/json" --header "Authorization: Bearer $SYSTEM_ACCESSTOKEN" "$SYSTEM_OIDCREQUESTURI?api-version=7.1&serviceConnectionId=ID"`',
  sample: {
    iss: 'https://vstoken.dev.azure.com/77777777-2222-4333-8444-555555555555',
    aud: 'api://AzureADTokenExchange',
    sub: 'sc://acme/shop/registry',
  },
  facts: [
    {
      about: 'issuers and subjects of service connections',
      source: 'github.com/MicrosoftDocs/azure-devops-docs: docs/pipelines/release/troubleshoot-workload-identity.md',
      basis: 'document',
    },
    {
      about: 'how a job asks for the token',
      source: 'github.com/Azure/azure-sdk-for-python: azure-identity, azure_pipelines.py',
      basis: 'code',
    },
    { about: 'the only audience of these tokens', source: 'reports', basis: 'unverified' },
  ],
});
