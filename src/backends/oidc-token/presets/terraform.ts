import { definePreset } from './preset.ts';

export const terraform = definePreset({
  name: 'terraform',
  title: 'HCP Terraform and Terraform Enterprise',
  issuers: [
    { form: 'https://app.terraform.io', isPublic: true },
    { form: 'https://{host}', of: 'Terraform Enterprise: its URL' },
  ],
  defaultIssuer: 'https://app.terraform.io',
  username: 'terraform:{claim:terraform_workspace_id}',
  groups: [
    { template: 'terraform-workspace:{claim:terraform_organization_name}/{claim:terraform_workspace_name}' },
    { template: 'terraform-workspace-id:{claim:terraform_workspace_id}' },
    { template: 'terraform-project-id:{claim:terraform_project_id}' },
    { template: 'terraform-phase:{claim:terraform_workspace_id}@{claim:terraform_run_phase}' },
  ],
  audience: { defaults: ['*.workload.identity'] },
  claims: {
    ids: {
      terraform_organization_name: 'terraform_organization_id',
      terraform_workspace_name: 'terraform_workspace_id',
      terraform_project_name: 'terraform_project_id',
      sub: 'terraform_organization_id',
    },
    owners: {
      terraform_organization_id: [],
      terraform_organization_name: [],
      terraform_workspace_id: [],
      terraform_project_id: [],
      sub: ['organization:{organization}:*'],
    },
    callerChosen: [],
    callerShaped: [],
    onRequest: {},
  },
  bind: ['terraform_organization_id'],
  guards: [
    {
      claim: 'terraform_run_phase',
      values: ['apply'],
      admits: 'plans, which pull requests start',
      otherwise: 'a pull request may have started its plan',
    },
  ],
  request:
    'the workspace variable `TFC_WORKLOAD_IDENTITY_AUDIENCE=registry.example.com`, then `$TFC_WORKLOAD_IDENTITY_TOKEN`',
  sample: {
    iss: 'https://app.terraform.io',
    aud: 'registry.example.com',
    sub: 'organization:my-org:project:Default Project:workspace:my-ws:run_phase:apply',
    terraform_organization_id: 'org-GRNbCjYNpBB6NEBm',
    terraform_organization_name: 'my-org',
    terraform_project_id: 'prj-vegSA59s1XPwMr2t',
    terraform_project_name: 'Default Project',
    terraform_workspace_id: 'ws-mbsd5E3Ktt5Rg2Xm',
    terraform_workspace_name: 'my-ws',
    terraform_run_phase: 'apply',
  },
  facts: [
    {
      about: 'claims, sub, audience',
      source: 'developer.hashicorp.com: Terraform, workload identity tokens',
      basis: 'document',
    },
    {
      about: 'tokens live as long as the phase of a run, up to 24 hours',
      source: 'docs.dodopayments.com: workload identity for HCP Terraform',
      basis: 'document',
    },
    { about: 'the issuer is shared by everybody', source: 'reports', basis: 'unverified' },
  ],
});
