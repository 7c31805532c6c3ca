/** Ends a login at the server (RFC 7009). */
import { describeError } from '../../core/errors.ts';
import type { Secret } from '../../core/identity.ts';
import { CLIENT_ID } from './client-id.ts';
import { request } from './http.ts';

/** Somebody waits for `docker logout`. */
const TIMEOUT_MS = 2_000;

/** @returns why the server has not ended it; undefined: it has */
export async function revoke(url: string, token: Secret): Promise<string | undefined> {
  try {
    const form = { token: token.reveal(), token_type_hint: 'refresh_token', client_id: CLIENT_ID };
    const { status } = await request(url, { form, timeoutMs: TIMEOUT_MS });
    return status === 200 ? undefined : `status ${status}`;
  } catch (error) {
    return describeError(error);
  }
}
