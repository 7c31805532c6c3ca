/** Logins of the credential helper: their codes over the records, their pages and endpoints. Loaded only where they are configured. */
import type { RequestHandler } from 'express';
import type { BrokerConfig } from '../config/broker-schema.ts';
import { parseCodeGuesses } from '../core/device-request.ts';
import { createApproveCode, createDenyCode } from '../flows/authorization-code/approve.ts';
import type { CodeDeps } from '../flows/authorization-code/approve.ts';
import { createRedeemCode } from '../flows/authorization-code/redeem.ts';
import { createAnswerDevice } from '../flows/device/answer.ts';
import { countRequests } from '../flows/device/counted-requests.ts';
import type { DeviceDeps } from '../flows/device/deps.ts';
import { createPollDevice } from '../flows/device/poll.ts';
import { createRequestDevice } from '../flows/device/request.ts';
import type { Service } from '../flows/grant-token.ts';
import type { RevokeRefreshToken } from '../flows/refresh-token/revoke-by-token.ts';
import type { ConsoleArea } from '../http/console/deps.ts';
import { authorizeArea } from '../http/oauth/authorize.ts';
import type { OAuthDeps } from '../http/oauth/deps.ts';
import { deviceArea } from '../http/oauth/device-page.ts';
import { OAUTH_PATHS, oauthRoutes } from '../http/oauth/routes.ts';
import type { HelperLogins } from '../http/token.ts';
import { codeSecrets } from '../platform/code-secrets.ts';
import type { Records } from '../platform/store/records.ts';
import { codeStore, deviceRequestStore } from './helper-stores.ts';

/** The sections of the configuration that are read here. */
type HelperLoginsConfig = Pick<BrokerConfig, 'publicUrl'> & { readonly helper: NonNullable<BrokerConfig['helper']> };

export interface OpenHelperLoginsDeps extends Pick<CodeDeps, 'backends' | 'clock' | 'timer' | 'audit'> {
  readonly records: Pick<Records, 'store'>;
  readonly services: ReadonlyMap<string, Service>;
  readonly revoke: RevokeRefreshToken;
}

export interface OpenedHelperLogins {
  /** The pages, for the console. */
  readonly areas: readonly ConsoleArea[];
  /** For the listener and its token endpoint. */
  readonly http: {
    readonly oauth: { readonly routes: RequestHandler; readonly paths: readonly string[] };
    readonly helperLogins: HelperLogins;
  };
}

export function openHelperLogins(
  { helper, publicUrl }: HelperLoginsConfig,
  { records, services, revoke, ...deps }: OpenHelperLoginsDeps,
): OpenedHelperLogins {
  const { clock } = deps;
  const approvalDeps = { ...deps, secrets: codeSecrets };
  const codeDeps: CodeDeps = {
    ...approvalDeps,
    codes: codeStore(records, clock),
  };
  const deviceDeps: DeviceDeps = {
    ...approvalDeps,
    requests: countRequests(deviceRequestStore(records, clock), clock),
    guesses: records.store({ name: 'code-guesses', clock, decode: parseCodeGuesses }),
  };
  const device = helper.device
    ? {
        request: createRequestDevice(deviceDeps),
        answer: createAnswerDevice(deviceDeps),
        sameNetwork: helper.sameNetwork,
      }
    : undefined;
  const oauthDeps: OAuthDeps = {
    publicUrl,
    services: new Map([...services].filter(([, { refreshTokens }]) => refreshTokens !== undefined)),
    approveCode: createApproveCode(codeDeps),
    denyCode: createDenyCode(codeDeps),
    revoke,
    ...(device === undefined ? {} : { device }),
    clock,
  };
  return {
    areas: [authorizeArea(oauthDeps), ...(device === undefined ? [] : [deviceArea(oauthDeps, device)])],
    http: {
      oauth: { routes: oauthRoutes(oauthDeps), paths: OAUTH_PATHS },
      helperLogins: {
        redeemCode: createRedeemCode(codeDeps),
        ...(device === undefined ? {} : { pollDevice: createPollDevice(deviceDeps) }),
      },
    },
  };
}
