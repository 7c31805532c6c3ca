/** What is known about systems that issue ID tokens: their issuers, their claims and their risks. */

export const PRESET_NAMES = ['generic', 'github-actions', 'gitlab-ci', 'kubernetes'] as const;
export type PresetName = (typeof PRESET_NAMES)[number];

/** A group of a preset. Claims and values are written as in `bound`. */
interface PresetGroup {
  readonly template: string;
  /** Claims that must have these values; without them the group is not given. */
  readonly when?: Readonly<Record<string, string | readonly string[]>>;
  /** Claims that must not have these values. */
  readonly unless?: Readonly<Record<string, string | readonly string[]>>;
  /** The template that is used instead, when the conditions are not met. */
  readonly otherwise?: string;
}

interface Preset {
  /** The issuer when none is configured. */
  readonly issuer: string | undefined;
  /** The template of the user name: no claim in it can be chosen by a job or by the owner of its repository. */
  readonly username: string;
  readonly groups: readonly PresetGroup[];
}

/**
 * Events of GitHub that only people with write access cause. `pull_request_target`, `workflow_run` and `issue_comment`
 * are caused by anybody, and their tokens name the default branch as `ref`.
 */
export const TRUSTED_EVENTS = ['push', 'release', 'schedule', 'workflow_dispatch'] as const;

export const PRESETS: Readonly<Record<PresetName, Preset>> = {
  generic: { issuer: undefined, username: '{claim:sub}', groups: [] },
  // docs.github.com: OpenID Connect reference, "OIDC token claims". The owner of a repository can customise `sub`.
  'github-actions': {
    issuer: 'https://token.actions.githubusercontent.com',
    username: 'github:{claim:repository_id}',
    groups: [
      { template: 'repo:{claim:repository}' },
      { template: 'repo-id:{claim:repository_id}' },
      { template: 'event:{claim:repository}@{claim:event_name}' },
      { template: 'ref:{claim:repository}@{claim:ref}', when: { event_name: TRUSTED_EVENTS } },
      { template: 'environment:{claim:repository}@{claim:environment}', when: { event_name: TRUSTED_EVENTS } },
    ],
  },
  // docs.gitlab.com: "ID token authentication", token payload. Maintainers of a project can customise `sub`.
  'gitlab-ci': {
    issuer: 'https://gitlab.com',
    username: 'gitlab:{claim:project_id}',
    groups: [
      { template: 'project:{claim:project_path}' },
      { template: 'project-id:{claim:project_id}' },
      {
        // The pipeline of a merge request has the name of its source branch as `ref`.
        template: 'ref:{claim:project_path}@{claim:ref_type}/{claim:ref}',
        unless: { pipeline_source: ['merge_request_event', 'external_pull_request_event'] },
      },
      {
        // With other actions (access, verify), a job does not deploy and needs no permission to.
        template: 'environment:{claim:project_path}@{claim:environment}',
        when: { environment_protected: 'true', environment_action: ['start', 'prepare', 'stop'] },
        otherwise: 'unprotected-environment:{claim:project_path}@{claim:environment}',
      },
    ],
  },
  // kubernetes.io: "Managing Service Accounts", bound service account tokens.
  kubernetes: {
    issuer: 'https://kubernetes.default.svc.cluster.local',
    username: '{claim:sub}',
    groups: [
      { template: 'namespace:{claim:/kubernetes.io/namespace}' },
      { template: 'serviceaccount:{claim:/kubernetes.io/namespace}/{claim:/kubernetes.io/serviceaccount/name}' },
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
