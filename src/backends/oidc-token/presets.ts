/** What is known about systems that issue ID tokens: their issuers, their claims and their risks. */

export const PRESET_NAMES = ['generic', 'github-actions', 'gitlab-ci', 'kubernetes'] as const;
export type PresetName = (typeof PRESET_NAMES)[number];

interface Preset {
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

/** The issuer of a backend: the configured one, or that of the preset. */
export function issuerOf(config: {
  readonly preset: PresetName;
  readonly issuer?: string | undefined;
}): string | undefined {
  return config.issuer ?? PRESETS[config.preset].issuer;
}

/** How a pod reaches its own cluster. */
const MOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
export const IN_CLUSTER = {
  keysUrl: 'https://kubernetes.default.svc/openid/v1/jwks',
  caFile: `${MOUNT}/ca.crt`,
  bearerFile: `${MOUNT}/token`,
} as const;

/**
 * Issuers that give a token to anybody, and the claims that identify the owner of a token. Without one of these bound,
 * every account of the issuer could log in. Other claims do not identify an owner: everybody can have a branch called
 * main, and `job_workflow_ref` names a reusable workflow, which a job of any owner may call.
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

/** What is wrong with an audience: tokens that carry it are meant for another service, or are issued by default. */
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
