/** Authenticates a request to the API by a personal token (RFC 6750, section 2.1). */
import { BrokerError } from '../../core/errors.ts';
import type { ErrorCode } from '../../core/errors.ts';
import { Secret } from '../../core/identity.ts';
import { apiAccessOf } from '../../flows/api-access.ts';
import type { ApiUsers } from '../../flows/api-access.ts';
import type { UsePersonalToken } from '../../flows/personal-token/use.ts';
import type { AuthenticateApi } from './api.ts';
import { ApiProblem } from './problem.ts';
import type { ProblemCode } from './problem.ts';

interface PersonalTokenDeps {
  readonly usePersonalToken: UsePersonalToken;
  readonly users: ApiUsers;
}

/** No token is longer; whatever else is sent is looked up nowhere. */
const BEARER = /^bearer +([\w-]{1,256}) *$/i;

/** The refusals of a token. A client reads the same for all of them. */
const REFUSALS: Readonly<Partial<Record<ErrorCode, ProblemCode>>> = {
  damaged_token: 'unauthenticated',
  personal_token_refused: 'unauthenticated',
  too_many_bad_tokens: 'too-many-requests',
};

export function authenticateByToken({ usePersonalToken, users }: PersonalTokenDeps): AuthenticateApi {
  return async (request, context) => {
    const token = BEARER.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined) throw new ApiProblem('unauthenticated');
    const caller = await usePersonalToken({ username: '', password: new Secret(token) }, context).catch(refuse);
    const access = apiAccessOf(caller, users);
    if (access === undefined) throw new ApiProblem('forbidden');
    const { identity, via } = caller;
    return { kind: 'personal-token', access, username: identity.username, tokenId: via?.id ?? '' };
  };
}

function refuse(error: unknown): never {
  const code = error instanceof BrokerError ? REFUSALS[error.code] : undefined;
  if (code === undefined || !(error instanceof BrokerError)) throw error;
  const { retryAfter } = error;
  throw new ApiProblem(code, { cause: error, ...(retryAfter === undefined ? {} : { retryAfter }) });
}
