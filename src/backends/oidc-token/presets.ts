/** What is known about the systems whose tokens people bring: their issuers, their claims, and what to beware of. */

export type PresetName = 'generic' | 'github-actions' | 'gitlab-ci' | 'kubernetes';

export interface Preset {
  /** The issuer when none is configured. */
  readonly issuer: string | undefined;
  /** Templates of groups. */
  readonly groups: readonly string[];
}

export const PRESETS: Readonly<Record<PresetName, Preset>> = {
  generic: { issuer: undefined, groups: [] },
  // docs.github.com: OpenID Connect reference, "OIDC token claims".
  'github-actions': {
    issuer: 'https://token.actions.githubusercontent.com',
    groups: [
      'repo:{claim:repository}',
      'ref:{claim:repository}@{claim:ref}',
      'environment:{claim:repository}@{claim:environment}',
    ],
  },
  // docs.gitlab.com: "ID token authentication", token payload.
  'gitlab-ci': {
    issuer: 'https://gitlab.com',
    groups: [
      'project:{claim:project_path}',
      'ref:{claim:project_path}@{claim:ref_type}/{claim:ref}',
      'environment:{claim:project_path}@{claim:environment}',
    ],
  },
  // kubernetes.io: "Managing Service Accounts", bound service account tokens.
  kubernetes: {
    issuer: 'https://kubernetes.default.svc.cluster.local',
    groups: [
      'namespace:{claim:/kubernetes.io/namespace}',
      'serviceaccount:{claim:/kubernetes.io/namespace}/{claim:/kubernetes.io/serviceaccount/name}',
    ],
  },
};

/** How a pod reaches its own cluster. */
const MOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
export const IN_CLUSTER = {
  keysUrl: 'https://kubernetes.default.svc/openid/v1/jwks',
  caFile: `${MOUNT}/ca.crt`,
  bearerFile: `${MOUNT}/token`,
} as const;

/**
 * Issuers that give a token to anybody in the world, so that without a bound claim everybody there could log in; and
 * the claims that say whose a token is. Others everybody can have: a branch called main, or with `job_workflow_ref` a
 * reusable workflow, which a job of any owner may call.
 */
export const PUBLIC_ISSUERS: Readonly<Partial<Record<string, readonly string[]>>> = {
  'https://token.actions.githubusercontent.com': [
    'repository_owner_id',
    'repository_owner',
    'repository_id',
    'repository',
    'enterprise_id',
    'enterprise',
    'workflow_ref',
    'sub',
  ],
  'https://gitlab.com': ['namespace_id', 'namespace_path', 'project_id', 'project_path', 'sub'],
  'https://accounts.google.com': ['hd', 'email', 'sub', 'azp'],
  'https://agent.buildkite.com': ['organization_id', 'organization_slug', 'pipeline_id', 'sub'],
  'https://app.terraform.io': [
    'terraform_organization_id',
    'terraform_organization_name',
    'terraform_workspace_id',
    'terraform_project_id',
    'sub',
  ],
  'https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0': ['sub', 'oid'],
};

/** Audiences of tokens that are meant for others, and that providers give when nobody asks for another. */
export function audienceProblem(audience: string, issuer: string): string | undefined {
  const cure = 'expected a name of your own, such as the registry’s, that the job asks for';
  if (audience === issuer) return `it is the issuer’s own name, which tokens for other uses carry; ${cure}`;
  if (/^https:\/\/github\.com\/[^/]+\/?$/i.test(audience)) {
    return `it is what GitHub puts there when a job asks for no audience; ${cure}`;
  }
  if (/^(?:https:\/\/)?kubernetes(?:\.default(?:\.svc(?:\.[\w.-]+)?)?)?(?::\d+)?\/?$/i.test(audience)) {
    return `it is the API server’s: every pod has a token for it; ${cure}`;
  }
  return TAKEN.has(audience.toLowerCase()) ? `tokens with it are meant for another service; ${cure}` : undefined;
}

const TAKEN = new Set(['sts.amazonaws.com', 'api://azureadtokenexchange', 'sigstore', 'k3s', 'api', 'vault']);
