/** The endpoints that the credential helper itself calls. */
import express from 'express';
import type { Request, Response, Router } from 'express';
import { showUserCode } from '../../core/device-request.ts';
import { BrokerError } from '../../core/errors.ts';
import { Secret } from '../../core/identity.ts';
import { contextOf } from '../context.ts';
import { readForm, singleValue } from '../form.ts';
import { respondJson } from '../respond.ts';
import { requireHelper, requireService } from './client.ts';
import type { DeviceRoutesDeps, OAuthDeps } from './deps.ts';
import { metadata } from './metadata.ts';

const METADATA_PATH = '/.well-known/oauth-authorization-server';
const DEVICE_AUTHORIZATION_PATH = '/device_authorization';
const REVOCATION_PATH = '/revoke';

export const OAUTH_PATHS = [METADATA_PATH, DEVICE_AUTHORIZATION_PATH, REVOCATION_PATH];

export function oauthRoutes(deps: OAuthDeps): Router {
  const router = express.Router({ strict: true, caseSensitive: true });
  const { device } = deps;
  router.get(METADATA_PATH, (_request, response) => respondJson(response, 200, JSON.stringify(metadata(deps))));
  if (device !== undefined) {
    router.post(DEVICE_AUTHORIZATION_PATH, (request, response) => openRequest({ ...deps, device }, request, response));
  }
  router.post(REVOCATION_PATH, (request, response) => revoke(deps, request, response));
  return router;
}

type OpenDeps = Pick<OAuthDeps, 'services' | 'publicUrl'> & { readonly device: DeviceRoutesDeps };

async function openRequest(deps: OpenDeps, request: Request, response: Response): Promise<void> {
  const fields = await readForm(request, response);
  requireHelper(fields);
  const { name } = requireService(fields, deps.services);
  const { deviceCode, userCode, lifetime, interval } = await deps.device.request(name, contextOf(response));
  // Without `verification_uri_complete` (RFC 8628, section 3.3.1): whoever only follows a link has compared nothing.
  const body = {
    device_code: deviceCode.reveal(),
    user_code: showUserCode(userCode),
    verification_uri: `${deps.publicUrl}/device`,
    expires_in: lifetime,
    interval,
  };
  respondJson(response, 200, JSON.stringify(body));
}

/** Whoever has a token may end it: docker is no client of ours, and people leak tokens of every client. */
async function revoke({ revoke: end }: Pick<OAuthDeps, 'revoke'>, request: Request, response: Response): Promise<void> {
  const fields = await readForm(request, response);
  const token = singleValue(fields, 'token');
  if (token === undefined || token === '') throw new BrokerError('invalid_request', 'the parameter token is missing');
  await end(new Secret(token), contextOf(response));
  respondJson(response, 200, '{}');
}
