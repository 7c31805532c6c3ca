/** Translates `oidc_auth` of docker_auth to a backend of type oidc-password. */
import { issuerProblem } from '../../backends/oidc/issuer.ts';
import type { Report } from '../finding.ts';
import { child, entry, textAt, textsOf } from '../foreign-yaml.ts';
import type { ForeignEntry } from '../foreign-yaml.ts';
import type { Translated } from './ldap.ts';
import type { LabelSource, World } from './world.ts';

interface TranslatedOidc extends Translated {
  /** A client secret in the file. It is written to a file of its own. */
  readonly secret: string | undefined;
}

export const OIDC_SECRET_FILE = 'secrets/oidc-client-secret';

/** Keys of the web page that gives a user a password for docker login. */
const WEB_LOGIN = [
  'redirect_url',
  'registry_url',
  'http_timeout',
  'level_token_db',
  'gcs_token_db',
  'redis_token_db',
] as const;

export function translateOidc(
  section: ForeignEntry,
  resolvePath: (path: string) => string,
  report: Report,
): TranslatedOidc {
  const { value: node, line } = section;
  const claims = textsOf(child(node, 'labels_claims'));
  const labels = claims.map((claim): [string, LabelSource] => [claim, { key: `claim:${claim}` }]);
  const world: World = { name: 'oidc', isCaseless: false, labels: new Map(labels) };
  const issuer = textAt(node, 'issuer') ?? '';
  const problem = issuerProblem(issuer);
  if (problem !== undefined) {
    report('lost', entry(node, 'issuer')?.line ?? line, `oidc_auth: issuer "${issuer}": ${problem}`);
    return { backend: undefined, world, secret: undefined };
  }
  report(
    'differs',
    line,
    'oidc_auth: docker login needs the password of the account at the provider (password grant), and not one from the web page of docker_auth; allow the client this grant',
  );
  for (const key of WEB_LOGIN) {
    const found = entry(node, key);
    if (found !== undefined) report('lost', found.line, `oidc_auth.${key}: Fairlead has no login by a web page`);
  }
  const [groups] = claims;
  const secret = textAt(node, 'client_secret');
  const file = textAt(node, 'client_secret_file');
  const scopes = textsOf(child(node, 'scopes')).filter((scope) => scope !== 'offline_access');
  const backend = {
    name: 'oidc',
    type: 'oidc-password',
    issuer,
    client: {
      id: textAt(node, 'client_id') ?? '',
      ...secretOf(secret, file === undefined ? undefined : resolvePath(file)),
    },
    scope: scopes.length === 0 ? 'openid email' : [...new Set(['openid', ...scopes])].join(' '),
    claims: {
      username: textAt(node, 'user_claim') ?? 'email',
      ...(groups === undefined ? {} : { groups: claims.slice(0, 8) }),
    },
  };
  return { backend, world, secret };
}

function secretOf(
  secret: string | undefined,
  file: string | undefined,
): { readonly secret?: { readonly file: string } } {
  if (secret !== undefined && secret !== '') return { secret: { file: OIDC_SECRET_FILE } };
  return file === undefined ? {} : { secret: { file } };
}
