/** The metadata of the provider that a login uses. All other members are ignored. */
import { isObject } from '../../../core/is-object.ts';
import { BrokerError } from '../../../core/errors.ts';
import { isLoopbackHttp } from '../../http-client/address.ts';
import type { Claims } from '../claim-path.ts';
import { withoutSlash } from '../metadata.ts';
import { SIGNATURE_ALGORITHMS } from '../algorithms.ts';

const ENDPOINTS = [
  'token_endpoint',
  'jwks_uri',
  'userinfo_endpoint',
  'introspection_endpoint',
  'revocation_endpoint',
] as const;
type Endpoint = (typeof ENDPOINTS)[number];

/** Those that browsers are sent to. */
const BROWSER_ENDPOINTS = ['authorization_endpoint', 'end_session_endpoint'] as const;
type BrowserEndpoint = (typeof BROWSER_ENDPOINTS)[number];

export interface ProviderMetadata {
  /** As the provider writes it, which is how its tokens name it. */
  readonly issuer: string;
  readonly endpoints: { readonly token_endpoint: string } & Readonly<Partial<Record<Endpoint, string>>>;
  /** The token endpoint as the provider names it, which may not be how the broker reaches it. */
  readonly tokenEndpointName: string;
  /** The algorithms that the provider announces for ID tokens and that are supported. */
  readonly idTokenAlgorithms: readonly string[];
  readonly userinfoAlgorithms: readonly string[];
  /** As browsers reach them, at the issuer and not at `internalUrl`. */
  readonly browser: Readonly<Partial<Record<BrowserEndpoint, string>>>;
  /** Whether answers in the browser name the issuer (RFC 9207, section 3). */
  readonly namesIssuer: boolean;
  /** Whether the provider announces the scope `offline_access` (OpenID Connect Core, section 11). */
  readonly offersOfflineAccess: boolean;
}

export interface MetadataRules {
  readonly issuer: string;
  /** Where the broker reaches the provider, if not at the issuer. */
  readonly internalUrl: string | undefined;
  /** Whether the client authenticates by its certificate: endpoints may then have other addresses (RFC 8705, section 5). */
  readonly usesMutualTls: boolean;
  /** Whether each login needs an ID token, and so the keys. */
  readonly needsIdToken: boolean;
}

/** @throws BrokerError `backend_unavailable` when a login cannot do without what is missing */
export function readMetadata(metadata: Claims, rules: MetadataRules): ProviderMetadata {
  const aliases = rules.usesMutualTls ? metadata['mtls_endpoint_aliases'] : undefined;
  const listed = { ...metadata, ...(isObject(aliases) ? withoutInvalidUrls(aliases) : {}) };
  const endpoints = withoutInvalidUrls(listed, (url) => internalAddress(url, rules));
  const { token_endpoint: tokenEndpoint, jwks_uri: keys } = endpoints;
  if (tokenEndpoint === undefined || (keys === undefined && rules.needsIdToken)) {
    const missing = tokenEndpoint === undefined ? 'token_endpoint' : 'jwks_uri';
    throw new BrokerError('backend_unavailable', `the provider’s metadata name no ${missing}`);
  }
  const scopes = metadata['scopes_supported'];
  const idTokenAlgorithms = algorithms(metadata['id_token_signing_alg_values_supported']) ?? ['RS256'];
  return {
    issuer: String(metadata['issuer']),
    endpoints: { ...endpoints, token_endpoint: tokenEndpoint },
    tokenEndpointName: withoutInvalidUrls(listed).token_endpoint ?? tokenEndpoint,
    idTokenAlgorithms,
    userinfoAlgorithms: algorithms(metadata['userinfo_signing_alg_values_supported']) ?? idTokenAlgorithms,
    browser: browserEndpoints(metadata, rules),
    namesIssuer: metadata['authorization_response_iss_parameter_supported'] === true,
    offersOfflineAccess: Array.isArray(scopes) && scopes.includes('offline_access'),
  };
}

/** A browser is sent to https only, or to loopback by a provider on loopback. */
function browserEndpoints(metadata: Claims, { issuer }: MetadataRules): ProviderMetadata['browser'] {
  const isLocal = isLoopbackHttp(new URL(issuer));
  const listed = BROWSER_ENDPOINTS.flatMap((endpoint) => {
    const text = metadata[endpoint];
    const url = typeof text === 'string' ? URL.parse(text) : null;
    const isAllowed = url !== null && (url.protocol === 'https:' || (isLocal && isLoopbackHttp(url)));
    return isAllowed ? [[endpoint, url.href] as const] : [];
  });
  return Object.fromEntries(listed);
}

function withoutInvalidUrls(
  listed: Claims,
  addressOf: (url: string) => string = (url) => url,
): Readonly<Partial<Record<Endpoint, string>>> {
  const valid: Partial<Record<Endpoint, string>> = {};
  for (const endpoint of ENDPOINTS) {
    const url = listed[endpoint];
    if (typeof url === 'string' && URL.canParse(url)) valid[endpoint] = addressOf(new URL(url).href);
  }
  return valid;
}

/** An endpoint at the issuer, or elsewhere at its host, as the broker reaches it. Other hosts are reached as they are named. */
function internalAddress(url: string, { issuer, internalUrl }: MetadataRules): string {
  if (internalUrl === undefined) return url;
  const outside = `${withoutSlash(new URL(issuer).href)}/`;
  if (url.startsWith(outside)) return `${withoutSlash(internalUrl)}/${url.slice(outside.length)}`;
  const { origin } = new URL(issuer);
  return new URL(url).origin === origin ? new URL(internalUrl).origin + url.slice(origin.length) : url;
}

/** @returns undefined when none is announced; OpenID Connect Core, section 3.1.3.7, then has RS256 */
function algorithms(announced: unknown): readonly string[] | undefined {
  return Array.isArray(announced) ? SIGNATURE_ALGORITHMS.filter((name) => announced.includes(name)) : undefined;
}
