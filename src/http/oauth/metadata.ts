/** The metadata of the authorization server (RFC 8414), from which the helper finds its endpoints. */
import { AUTHORIZATION_CODE, DEVICE_CODE, REFRESH_TOKEN } from '../token-grants.ts';
import type { OAuthDeps } from './deps.ts';

export function metadata({ publicUrl, device }: OAuthDeps): Readonly<Record<string, unknown>> {
  return {
    issuer: publicUrl,
    authorization_endpoint: `${publicUrl}/authorize`,
    token_endpoint: `${publicUrl}/token`,
    ...(device === undefined ? {} : { device_authorization_endpoint: `${publicUrl}/device_authorization` }),
    revocation_endpoint: `${publicUrl}/revoke`,
    jwks_uri: `${publicUrl}/.well-known/jwks.json`,
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: [AUTHORIZATION_CODE, REFRESH_TOKEN, ...(device === undefined ? [] : [DEVICE_CODE])],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: ['none'],
    revocation_endpoint_auth_methods_supported: ['none'],
    authorization_response_iss_parameter_supported: true,
  };
}
