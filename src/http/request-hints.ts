/** Finds mistakes in a token request that look like something else in the log. */
import type { TokenRequest } from './token-request.ts';

const AUTHORIZATION_REMOVED =
  'the client names an account but no credentials arrived; a proxy probably removes the Authorization header';

/** Sentences for the log, without any part of a secret. */
type Hints = readonly string[];
type Asked = Pick<TokenRequest, 'credential' | 'refreshToken' | 'namesAccount'>;

export function hintsOfRequest({ credential, refreshToken, namesAccount }: Asked): Hints {
  return namesAccount && credential === undefined && refreshToken === undefined ? [AUTHORIZATION_REMOVED] : [];
}

/** @param asked a refused request; the password of a successful login may end with a space */
export function hintsOfRefusal(asked: Asked): Hints {
  const { credential } = asked;
  if (credential === undefined) return hintsOfRequest(asked);
  return [
    ...damage('the user name', (matches) => matches(credential.username)),
    ...damage('the password', (matches) => credential.password.matches(matches)),
  ];
}

/** Secrets of Kubernetes and CI systems that are made with `echo` end with a line break. */
function damage(what: string, has: (matches: (text: string) => boolean) => boolean): Hints {
  if (has((text) => /[\r\n]/.test(text))) return [`${what} has a line break; the stored secret is probably damaged`];
  if (has((text) => /^\s|\s$/.test(text)))
    return [`${what} begins or ends with a space; the stored secret is probably damaged`];
  if (has((text) => /\p{Cc}/u.test(text)))
    return [`${what} has a control character; the stored secret is probably damaged`];
  return [];
}
