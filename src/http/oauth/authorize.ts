/**
 * The authorization endpoint, for the credential helper on the machine of the browser. Any web page can send a browser
 * here, so a person has to allow each login.
 */
import type { Request, RequestHandler, Response } from 'express';
import { HELPER_CLIENT } from '../../core/approval.ts';
import { isChallenge, isLoopbackRedirect } from '../../core/authorization-code.ts';
import { BrokerError } from '../../core/errors.ts';
import type { AuthorizationRequest } from '../../flows/authorization-code/approve.ts';
import { consentDeniedPage, consentDonePage, consentPage } from '../../pages/device.ts';
import { loopbackUrl } from '../../pages/template/url.ts';
import { contextOf } from '../context.ts';
import type { ConsoleArea, ConsoleTools } from '../console/deps.ts';
import { queryOf, readForm, singleValue } from '../form.ts';
import { isRecentSignIn, RECENT_SIGN_IN, requireRecentSignIn } from '../console/recent-sign-in.ts';
import { respondPage } from '../console/respond-page.ts';
import { signedInOf } from '../console/session.ts';
import { requireHelper, requireService } from './client.ts';
import type { OAuthDeps } from './deps.ts';

type AuthorizeDeps = Pick<OAuthDeps, 'services' | 'publicUrl' | 'approveCode' | 'denyCode' | 'clock'>;
type PageDeps = AuthorizeDeps & Pick<ConsoleTools, 'pageFor'>;

const PATH = '/authorize';
const DAY = 24 * 3600;
const PARAMETERS = [
  'client_id',
  'resource',
  'redirect_uri',
  'response_type',
  'code_challenge',
  'code_challenge_method',
  'state',
] as const;
/** Seconds that somebody may read the page. */
const ANSWER_SECONDS = 600;
/** Longer than any that our helper makes. */
const MAX_STATE = 128;

interface ParsedRequest extends AuthorizationRequest {
  readonly state: string;
  /** Days for which the login is valid at most. */
  readonly days: number;
}

export function authorizeArea(deps: AuthorizeDeps): ConsoleArea {
  return {
    folders: [PATH],
    addRoutes(router, { base, requireSession, pageFor }) {
      const all = { ...deps, pageFor };
      const recent = requireRecentSignIn({ clock: deps.clock, base }, RECENT_SIGN_IN);
      router.get(PATH, requireValid(deps), requireSession, recent, (request, response) =>
        askConsent(all, request, response),
      );
      router.post(PATH, requireSession, (request, response) => answerConsent(all, request, response));
    },
  };
}

/** Before the sign-in, so that nobody signs in for a request that cannot succeed. */
function requireValid(deps: AuthorizeDeps): RequestHandler {
  return (request, _response, next) => {
    parseAuthorization(queryOf(request), deps);
    next();
  };
}

function askConsent(deps: PageDeps, request: Request, response: Response): void {
  const fields = queryOf(request);
  const { service, days } = parseAuthorization(fields, deps);
  // Nothing else of the link is in the form, such as an answer.
  const sentBack = PARAMETERS.map((name) => [name, singleValue(fields, name) ?? '']);
  const view = { program: HELPER_CLIENT, service, days, fields: Object.fromEntries(sentBack) };
  respondPage(response, 200, consentPage(deps.pageFor(response), view));
}

async function answerConsent(deps: PageDeps, request: Request, response: Response): Promise<void> {
  const fields = await readForm(request, response);
  const asked = parseAuthorization(fields, deps);
  const page = deps.pageFor(response);
  // Not a redirect: `form-action 'self'` blocks one to another origin in answer to a form.
  if (singleValue(fields, 'answer') === 'yes') {
    return respondPage(response, 200, consentDonePage(page, loopbackUrl(await approvedUrl(deps, asked, response))));
  }
  const { username, backend } = signedInOf(response).session;
  await deps.denyCode({ service: asked.service, username, backend }, contextOf(response));
  return respondPage(response, 200, consentDeniedPage(page, loopbackUrl(deniedUrl(deps, asked))));
}

async function approvedUrl(deps: AuthorizeDeps, asked: ParsedRequest, response: Response): Promise<string> {
  if (!isRecentSignIn(response, deps.clock.now(), RECENT_SIGN_IN + ANSWER_SECONDS))
    throw new BrokerError('sign_in_invalid', 'the answer came too long after the sign-in');
  const { service, redirectUri, challenge } = asked;
  const request = { service, redirectUri, challenge };
  const code = await deps.approveCode(request, signedInOf(response), contextOf(response));
  return callbackUrl(deps, asked, { code: code.reveal() });
}

function deniedUrl(deps: AuthorizeDeps, asked: ParsedRequest): string {
  return callbackUrl(deps, asked, {
    error: 'access_denied',
    error_description: 'the sign-in was refused in the browser',
  });
}

/** `iss`: RFC 9207. */
function callbackUrl(
  { publicUrl }: AuthorizeDeps,
  { redirectUri, state }: ParsedRequest,
  parameters: Readonly<Record<string, string>>,
): string {
  const url = new URL(redirectUri);
  for (const [name, value] of Object.entries({ ...parameters, state, iss: publicUrl }))
    url.searchParams.set(name, value);
  return url.href;
}

/**
 * INVARIANT: no browser is sent anywhere but to a loopback address. Everything wrong is shown on a page of this server.
 *
 * @throws BrokerError `unknown_client`, `unknown_service` or `invalid_request`
 */
function parseAuthorization(parameters: URLSearchParams, { services }: AuthorizeDeps): ParsedRequest {
  requireHelper(parameters);
  const { name: service, refreshTokens } = requireService(parameters, services);
  const redirectUri = singleValue(parameters, 'redirect_uri') ?? '';
  const challenge = singleValue(parameters, 'code_challenge') ?? '';
  const state = singleValue(parameters, 'state') ?? '';
  const problem = [
    [isLoopbackRedirect(redirectUri), 'redirect_uri is not a loopback address'],
    [singleValue(parameters, 'response_type') === 'code', 'response_type is not code'],
    [singleValue(parameters, 'code_challenge_method') === 'S256', 'code_challenge_method is not S256'],
    [isChallenge(challenge), 'code_challenge is not a digest'],
    [state !== '' && state.length <= MAX_STATE, 'state is missing, or too long'],
  ].find(([isValid]) => isValid !== true);
  if (problem !== undefined) throw new BrokerError('invalid_request', String(problem[1]));
  return { service, redirectUri, challenge, state, days: Math.floor((refreshTokens?.absolute ?? 0) / DAY) };
}
