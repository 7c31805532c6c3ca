/** Answers of the token endpoint to this program (RFC 6749, sections 5.1 and 5.2). */
import { Secret } from '../../core/identity.ts';
import { HelperError } from '../host.ts';
import type { StoredLogin } from '../logins/login.ts';
import { IDENTITY_TOKEN } from '../protocol.ts';
import type { SignInServer } from './discover.ts';
import { parseAnswer, request } from './http.ts';

type TokenAnswer =
  | { readonly kind: 'login'; readonly login: StoredLogin }
  | { readonly kind: 'refused'; readonly error: string; readonly description: string };

/**
 * @param now seconds since 1970
 * @throws HelperError when the answer is none of both
 */
export async function askForToken(
  { tokenUrl, revocationUrl, issuer }: SignInServer,
  form: Readonly<Record<string, string>>,
  now: number,
): Promise<TokenAnswer> {
  const { status, text } = await request(tokenUrl, { form });
  const answer = parseAnswer(text, issuer);
  if (status !== 200) {
    const { error, error_description: description } = answer;
    if (typeof error !== 'string')
      throw new HelperError(`${issuer} answers with status ${status}; try again later, or ask its operator`);
    return { kind: 'refused', error, description: typeof description === 'string' ? description : error };
  }
  const { refresh_token: token, refresh_token_expires_in: lifetime, username } = answer;
  if (typeof token !== 'string') throw new HelperError(`${issuer} has given no refresh token; ask its operator`);
  return {
    kind: 'login',
    login: {
      username: IDENTITY_TOKEN,
      secret: new Secret(token),
      ...(typeof username === 'string' ? { account: username } : {}),
      ...(isLifetime(lifetime) ? { endsAt: now + lifetime } : {}),
      ...(revocationUrl === undefined ? {} : { revocationUrl }),
    },
  };
}

/** Seconds in a hundred years. Far beyond them, JavaScript has no dates. */
const MAX_LIFETIME = 100 * 365 * 24 * 3600;

function isLifetime(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= MAX_LIFETIME;
}
