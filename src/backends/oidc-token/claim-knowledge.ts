/** What is known about the claims of an issuer: which are names, which are ids, and which a job chooses itself. */
import type { ClaimPath } from '../oidc/claim-path.ts';
import { issuerOf, TRUSTED_EVENTS } from './presets.ts';
import type { PresetName } from './presets.ts';

export interface ClaimKnowledge {
  /** Names, which can pass to somebody else, and the id to bind instead of each. */
  readonly ids: Readonly<Record<string, string>>;
  /** Claims that a job, its author or the owner of its repository chooses. */
  readonly chosen: readonly string[];
  /** What a configuration binds: the value in the token, or these values. */
  readonly bind: Readonly<Record<string, 'from the token' | readonly string[]>>;
}

const GITHUB: ClaimKnowledge = {
  ids: {
    repository: 'repository_id',
    repository_owner: 'repository_owner_id',
    enterprise: 'enterprise_id',
    sub: 'repository_owner_id',
    workflow_ref: 'repository_id',
  },
  chosen: ['sub', 'actor', 'actor_id', 'head_ref', 'base_ref', 'workflow', 'workflow_ref'],
  bind: { repository_owner_id: 'from the token', event_name: TRUSTED_EVENTS },
};
const GITLAB: ClaimKnowledge = {
  ids: { project_path: 'project_id', namespace_path: 'namespace_id', sub: 'project_id' },
  chosen: ['sub', 'user_login', 'user_email', 'environment'],
  bind: { namespace_id: 'from the token', ref_protected: ['true'] },
};
const BY_PRESET: Readonly<Partial<Record<PresetName, ClaimKnowledge>>> = {
  'github-actions': GITHUB,
  'gitlab-ci': GITLAB,
  kubernetes: { ids: {}, chosen: [], bind: { '/kubernetes.io/namespace': 'from the token' } },
};
const BY_ISSUER: Readonly<Partial<Record<string, ClaimKnowledge>>> = {
  'https://token.actions.githubusercontent.com': GITHUB,
  'https://gitlab.com': GITLAB,
  // Buildkite puts the ids into a token only when the job asks for them (--claim).
  'https://agent.buildkite.com': {
    ids: { organization_slug: 'organization_id', pipeline_slug: 'pipeline_id', sub: 'organization_id' },
    chosen: ['sub', 'step_key', 'build_branch'],
    bind: { organization_id: 'from the token' },
  },
  'https://app.terraform.io': {
    ids: {
      terraform_organization_name: 'terraform_organization_id',
      terraform_workspace_name: 'terraform_workspace_id',
      sub: 'terraform_organization_id',
    },
    chosen: [],
    bind: { terraform_organization_id: 'from the token', terraform_run_phase: ['apply'] },
  },
};
const UNKNOWN: ClaimKnowledge = { ids: {}, chosen: [], bind: { sub: 'from the token' } };

export function knowledgeOf(config: { readonly preset: PresetName; readonly issuer?: string | undefined }) {
  return BY_PRESET[config.preset] ?? BY_ISSUER[issuerOf(config) ?? ''] ?? UNKNOWN;
}

/** Whether a job chooses the value of a claim: also tags of an agent at Buildkite and of a request at AWS. */
export function isChosenByJob({ chosen }: ClaimKnowledge, { text, segments }: ClaimPath): boolean {
  return chosen.includes(text) || segments.includes('request_tags') || text.startsWith('agent_tag:');
}
