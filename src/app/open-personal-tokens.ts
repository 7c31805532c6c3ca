/** The flows of personal tokens, over their records. Loaded only where they are configured. */
import type { BrokerConfig } from '../config/broker-schema.ts';
import { robotsOf } from '../config/robots-schema.ts';
import { parsePersonalToken } from '../core/personal-token.ts';
import type { PersonalToken } from '../core/personal-token.ts';
import type { Clock, ListableStore } from '../core/ports.ts';
import { parseSession, sessionId } from '../core/session.ts';
import { createCountBadToken } from '../flows/personal-token/bad-tokens.ts';
import type { CountBadToken } from '../flows/personal-token/bad-tokens.ts';
import type { PersonalTokenDeps } from '../flows/personal-token/deps.ts';
import { createIssuePersonalToken } from '../flows/personal-token/issue.ts';
import type { IssuePersonalToken, PersonalTokenSettings } from '../flows/personal-token/issue.ts';
import { createIdentityOfOwner } from '../flows/personal-token/owner.ts';
import { createRobotOwners } from '../flows/personal-token/robot-owner.ts';
import { shareLookUps } from '../flows/personal-token/share-look-ups.ts';
import { createUsePersonalToken } from '../flows/personal-token/use.ts';
import type { UsePersonalToken } from '../flows/personal-token/use.ts';
import type { RevalidateDeps } from '../flows/revalidate.ts';
import { randomIds } from '../platform/ids.ts';
import { personalTokenSecrets } from '../platform/personal-token-secrets.ts';
import type { Records } from '../platform/store/records.ts';
import type { ShieldLedger } from './open-shield.ts';

export interface PersonalTokens {
  readonly store: ListableStore<PersonalToken>;
  readonly use: UsePersonalToken;
  readonly issue: IssuePersonalToken;
}

/** The sections of the configuration that are read here. */
type PersonalTokensConfig = Pick<BrokerConfig, 'services' | 'robots'> & {
  readonly personalTokens: PersonalTokenSettings;
};

export interface OpenPersonalTokensDeps extends RevalidateDeps, Pick<PersonalTokenDeps, 'audit'> {
  readonly records: Pick<Records, 'store'>;
  /** Where refused tokens are counted; absent: they are not counted. */
  readonly counts?: ShieldLedger;
}

export function openPersonalTokens(
  { personalTokens: settings, services, robots: configured }: PersonalTokensConfig,
  { records, counts, ...deps }: OpenPersonalTokensDeps,
): PersonalTokens {
  const store = personalTokenStore(records, deps.clock);
  const { audit, clock } = deps;
  const sessions = records.store({ name: 'sessions', clock, decode: parseSession });
  const robots = createRobotOwners({ ...deps, robots: robotsOf(configured) });
  const identityOf = shareLookUps(createIdentityOfOwner({ ...deps, robots }));
  const flowDeps = { store, secrets: personalTokenSecrets, clock, audit, identityOf };
  const countBadToken: CountBadToken =
    counts === undefined ? async () => undefined : createCountBadToken({ ...counts, ids: randomIds });
  return {
    store,
    use: createUsePersonalToken({ ...flowDeps, countBadToken, maxLifetime: settings.maxLifetime }),
    issue: createIssuePersonalToken({
      ...flowDeps,
      robots,
      settings,
      services: Object.keys(services),
      hasSession: async (id) => (await sessions.list()).some(({ key }) => sessionId(key) === id),
    }),
  };
}

export function personalTokenStore(records: Pick<Records, 'store'>, clock: Clock): ListableStore<PersonalToken> {
  return records.store({ name: 'personal-tokens', clock, decode: parsePersonalToken });
}
