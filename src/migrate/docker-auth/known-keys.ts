/** The keys that docker_auth reads. It ignores all others silently. */
import { suggest } from '../../config/suggest.ts';
import { entriesOf, itemsOf } from '../foreign-yaml.ts';
import type { ForeignNode } from '../foreign-yaml.ts';

/** `true`: a value that is not checked further. `[…]`: a list of such values. `'*'`: any key. */
type Keys = true | { readonly [key: string]: Keys } | readonly [Keys];

const TOKEN_DB = {
  level_token_db: { path: true, token_hash_cost: true },
  gcs_token_db: { bucket: true, client_secret_file: true, token_hash_cost: true },
  redis_token_db: { redis_options: true, redis_cluster_options: true, token_hash_cost: true },
} as const;
const WEB_CLIENT = { client_id: true, client_secret: true, client_secret_file: true, http_timeout: true } as const;
const MONGO_DIAL = {
  addrs: true,
  timeout: true,
  database: true,
  username: true,
  password: true,
  password_file: true,
  enable_tls: true,
} as const;
const SQL = { database_type: true, conn_string: true, cache_ttl: true } as const;

const KEYS: Keys = {
  server: {
    addr: true,
    net: true,
    path_prefix: true,
    real_ip_header: true,
    real_ip_pos: true,
    certificate: true,
    key: true,
    hsts: true,
    tls_min_version: true,
    tls_curve_preferences: true,
    tls_cipher_suites: true,
    letsencrypt: { host: true, email: true, cache_dir: true },
  },
  token: { issuer: true, expiration: true, certificate: true, key: true, disable_legacy_key_id: true },
  users: { '*': { password: true, labels: { '*': true } } },
  ldap_auth: {
    addr: true,
    tls: true,
    insecure_tls_skip_verify: true,
    ca_certificate: true,
    base: true,
    filter: true,
    bind_dn: true,
    bind_password_file: true,
    initial_bind_as_user: true,
    labels: { '*': { attribute: true, parse_cn: true, lower_case: true } },
  },
  oidc_auth: {
    issuer: true,
    redirect_url: true,
    registry_url: true,
    user_claim: true,
    labels_claims: true,
    scopes: true,
    ...WEB_CLIENT,
    ...TOKEN_DB,
  },
  google_auth: { domain: true, ...WEB_CLIENT, ...TOKEN_DB },
  github_auth: {
    organization: true,
    revalidate_after: true,
    github_web_uri: true,
    github_api_uri: true,
    registry_url: true,
    ...WEB_CLIENT,
    ...TOKEN_DB,
  },
  gitlab_auth: {
    organization: true,
    revalidate_after: true,
    gitlab_web_uri: true,
    gitlab_api_uri: true,
    registry_url: true,
    grant_type: true,
    redirect_uri: true,
    ...WEB_CLIENT,
    ...TOKEN_DB,
  },
  mongo_auth: { dial_info: MONGO_DIAL, collection: true },
  acl_mongo: { dial_info: MONGO_DIAL, collection: true, cache_ttl: true },
  xorm_auth: SQL,
  acl_xorm: SQL,
  ext_auth: { command: true, args: true },
  ext_authz: { command: true, args: true },
  plugin_authn: { plugin_path: true },
  plugin_authz: { plugin_path: true },
  casbin_authz: { model_path: true, policy_path: true },
  acl: [
    {
      match: { account: true, type: true, name: true, ip: true, service: true, labels: { '*': true } },
      actions: true,
      comment: true,
    },
  ],
};

interface UnknownKey {
  readonly key: string;
  readonly line: number;
  /** The mapping that contains it, such as `acl.match`; empty: the root. */
  readonly inside: string;
  /** The key that was probably meant. */
  readonly meant: string | undefined;
}

export function unknownKeys(root: ForeignNode): readonly UnknownKey[] {
  return [...unknownIn(root, KEYS, '')];
}

function* unknownIn(node: ForeignNode, keys: Keys, inside: string): Generator<UnknownKey> {
  if (keys === true) return;
  if (isList(keys)) {
    for (const item of itemsOf(node)) yield* unknownIn(item, keys[0], inside);
    return;
  }
  for (const { key, line, value } of entriesOf(node)) {
    const known = Object.hasOwn(keys, key) ? keys[key] : keys['*'];
    const path = inside === '' ? key : `${inside}.${key}`;
    if (known !== undefined) yield* unknownIn(value, known, '*' in keys ? inside : path);
    else yield { key, line, inside, meant: suggest(key, Object.keys(keys)) };
  }
}

function isList(keys: Keys): keys is readonly [Keys] {
  return Array.isArray(keys);
}
