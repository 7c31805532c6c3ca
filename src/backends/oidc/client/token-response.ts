/**
 * What a login uses of the answer of the token endpoint. openid-client refuses an answer for any member that is not as
 * specified, and providers send `null`, lists and numbers as texts for members that no login needs.
 */
import { isObject } from '../../../core/is-object.ts';
import type { Claims } from '../claim-path.ts';

/** The ID token under a name of our own: openid-client would verify it with keys that it selects itself. */
export const UNVERIFIED_ID_TOKEN = 'unverified_id_token';

/** The same response with the members that are used; any response that holds no tokens as it is. */
export async function withUsedMembers(response: Response): Promise<Response> {
  if (response.status !== 200) return response;
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => undefined);
  return isObject(body) ? Response.json(usedMembers(body)) : response;
}

/** The characters of a bearer token (RFC 6750, section 2.1). The error of a header with others would quote it. */
const BEARER = /^[\x21-\x7E]+$/;

function usedMembers(body: Claims): Claims {
  const { access_token: accessToken, refresh_token: refreshToken, id_token: idToken } = body;
  const lifetime = Number(body['expires_in'] ?? Number.NaN);
  return {
    ...(isText(accessToken) && BEARER.test(accessToken) ? { access_token: accessToken } : {}),
    // The broker uses every access token as a bearer token. An endpoint that requires another type refuses it.
    token_type: 'bearer',
    ...(isText(refreshToken) ? { refresh_token: refreshToken } : {}),
    ...(Number.isFinite(lifetime) && lifetime >= 0 ? { expires_in: lifetime } : {}),
    ...(idToken === undefined || idToken === null || idToken === '' ? {} : { [UNVERIFIED_ID_TOKEN]: idToken }),
  };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
