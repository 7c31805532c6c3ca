/** The pages of the console that need more than sessions: tokens, access, and those of administrators. */
import type { BrokerConfig } from '../config/broker-schema.ts';
import type { Clock, EventSink } from '../core/ports.ts';
import type { RecentDecisions } from '../core/recent-decision.ts';
import { listPersonalTokens } from '../flows/personal-token/list.ts';
import { revokePersonalTokens } from '../flows/personal-token/revoke.ts';
import { accessArea } from '../http/console/access.ts';
import { decisionsArea } from '../http/console/decisions.ts';
import type { ConsoleArea } from '../http/console/deps.ts';
import { tokensArea } from '../http/console/tokens.ts';
import type { PersonalTokens } from './open-personal-tokens.ts';
import type { PolicyInForce } from './policy-in-force.ts';

export interface AreaDeps {
  readonly policy: Pick<PolicyInForce, 'current'>;
  readonly recent: RecentDecisions;
  /** Undefined: not configured. */
  readonly personalTokens: PersonalTokens | undefined;
  readonly audit: EventSink;
  readonly clock: Clock;
}

type AreaConfig = Pick<BrokerConfig, 'personalTokens'> & { readonly services: Readonly<Record<string, unknown>> };

export function consoleAreas(config: AreaConfig, deps: AreaDeps): readonly ConsoleArea[] {
  const { recent, clock, audit, personalTokens } = deps;
  const services = Object.keys(config.services);
  const policy = deps.policy.current;
  const shared = { services, policy, clock };
  const areas = [accessArea({ ...shared, recent }), decisionsArea(recent)];
  if (personalTokens === undefined || config.personalTokens === undefined) return areas;
  const { store, issue } = personalTokens;
  const tokens = tokensArea({
    ...shared,
    settings: config.personalTokens,
    issue,
    list: (selection) => listPersonalTokens(store, selection),
    revoke: (selection, ending) => revokePersonalTokens({ store, audit }, selection, ending),
  });
  return [...areas, tokens];
}
