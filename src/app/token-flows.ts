/** The flows of the token endpoint, of forward-auth and of the logins of programs, and the keys that sign their tokens. */
import type { RequestHandler } from 'express';
import type { BrokerConfig } from '../config/broker-schema.ts';
import type { Audit, Log } from '../core/ports.ts';
import type { ChainedBackend } from '../flows/chain.ts';
import { createGrantToken } from '../flows/grant-token.ts';
import type { GrantToken, Service } from '../flows/grant-token.ts';
import { createIdentify } from '../flows/identify.ts';
import type { Identify } from '../flows/identify.ts';
import type { ExchangeRefreshToken } from '../flows/refresh-token/exchange.ts';
import type { DraftRefreshToken } from '../flows/refresh-token/issue.ts';
import type { TokenReuse } from '../flows/token-reuse.ts';
import type { Shield } from '../flows/shield/shield.ts';
import type { Metrics } from '../platform/audit/metrics.ts';
import { systemClock } from '../platform/clock.ts';
import { randomIds } from '../platform/ids.ts';
import type { Records } from '../platform/store/records.ts';
import { systemTimer } from '../platform/timer.ts';
import type { OpenedHelperLogins, OpenHelperLoginsDeps } from './open-helper-logins.ts';
import { openForwardAuth } from './open-forward-auth.ts';
import type { OpenPersonalTokensDeps, PersonalTokens } from './open-personal-tokens.ts';
import { openRefreshTokens } from './open-refresh-tokens.ts';
import type { ShieldLedger } from './open-shield.ts';
import type { PolicyInForce } from './policy-in-force.ts';
import { createRecordsState } from './records-state.ts';
import type { RecordsState } from './records-state.ts';
import { servicesOf } from './services.ts';
import { openSigning } from './signing-in-force.ts';
import type { SigningInForce } from './signing-in-force.ts';

interface TokenFlowParts {
  readonly config: BrokerConfig;
  readonly log: Log;
  readonly metrics: Metrics;
}

interface TokenFlowDeps {
  readonly audit: Audit;
  readonly backends: readonly ChainedBackend[];
  readonly records: Records | undefined;
  readonly shield: Shield & ShieldLedger;
  readonly policy: PolicyInForce;
  readonly reuse: TokenReuse;
  readonly endReuse: () => Promise<void>;
}

interface TokenFlows {
  readonly services: ReadonlyMap<string, Service>;
  readonly draftRefreshToken: DraftRefreshToken;
  readonly exchangeRefreshToken: ExchangeRefreshToken;
  readonly recordsState: RecordsState;
  readonly identify: Identify;
  readonly grantToken: GrantToken;
  readonly signing: SigningInForce;
  readonly jwks: SigningInForce['jwks'];
  /** Undefined, and absent: what is not configured. */
  readonly helper: OpenedHelperLogins | undefined;
  readonly personalTokens: PersonalTokens | undefined;
  readonly forwardAuth?: RequestHandler;
}

export async function openTokenFlows(
  { config, log, metrics }: TokenFlowParts,
  deps: TokenFlowDeps,
): Promise<TokenFlows> {
  const { audit, backends, records, shield, policy, reuse, endReuse } = deps;
  const flowDeps = { backends, clock: systemClock, timer: systemTimer, audit };
  const services = servicesOf(config);
  const refreshTokens = openRefreshTokens({ ...flowDeps, records, services, onRevoked: endReuse });
  const { exchangeRefreshToken, revokeRefreshToken: revoke } = refreshTokens;
  const personalTokens = await openTokens(config, { ...flowDeps, records, counts: shield });
  const helper = await openHelper(config, { ...flowDeps, records, services, revoke });
  const identify = createIdentify({
    ...flowDeps,
    shield,
    usePersonalToken: personalTokens?.use,
    tooManyIs: config.shield.wrongPasswords.answer === 429 ? 'too_many_attempts' : 'invalid_credentials',
  });
  // After everything that can fail: a broker that does not start creates no key.
  const signing: SigningInForce = await openSigning(config, log, reuse.clear);
  const forwardAuth = await openForwardAuth(config, {
    ...flowDeps,
    identify,
    exchangeRefreshToken,
    policy: policy.current,
    services,
    keyset: signing.keyset,
    log,
  });
  return {
    services,
    draftRefreshToken: refreshTokens.draftRefreshToken,
    exchangeRefreshToken,
    recordsState: createRecordsState(records, systemClock, metrics.setRecordsUp),
    identify,
    helper,
    ...(forwardAuth === undefined ? {} : { forwardAuth }),
    grantToken: createGrantToken({
      ...flowDeps,
      issuer: config.tokens.issuer,
      policy: policy.current,
      signer: signing.signer,
      reuse,
      ids: randomIds,
    }),
    jwks: signing.jwks,
    signing,
    personalTokens,
  };
}

/** The flows of personal tokens, where they are configured. */
async function openTokens(
  { personalTokens, services, robots }: BrokerConfig,
  { records, ...deps }: Omit<OpenPersonalTokensDeps, 'records'> & { readonly records: Records | undefined },
): Promise<PersonalTokens | undefined> {
  if (personalTokens === undefined || records === undefined) return undefined;
  const { openPersonalTokens } = await import('./open-personal-tokens.ts');
  return openPersonalTokens({ personalTokens, services, robots }, { ...deps, records });
}

/** Logins of the credential helper, where they are configured. */
async function openHelper(
  { helper, publicUrl }: BrokerConfig,
  { records, ...deps }: Omit<OpenHelperLoginsDeps, 'records'> & { readonly records: Records | undefined },
): Promise<OpenedHelperLogins | undefined> {
  if (helper === undefined || records === undefined) return undefined;
  const { openHelperLogins } = await import('./open-helper-logins.ts');
  return openHelperLogins({ helper, publicUrl }, { ...deps, records });
}
