/** The pages of the console that need more than sessions: tokens, access, and those of administrators. */
import type { BrokerConfig } from '../config/broker-schema.ts';
import { robotsOf } from '../config/robots-schema.ts';
import { isOwner } from '../core/robot.ts';
import { onlyBackendFor } from '../flows/chain.ts';
import { listPersonalTokens } from '../flows/personal-token/list.ts';
import { revokePersonalTokens } from '../flows/personal-token/revoke.ts';
import { createTestAttempts } from '../flows/shield/test-attempts.ts';
import type { ShieldDeps } from '../flows/shield/settings.ts';
import { createTestLogin } from '../flows/test-login.ts';
import { accessArea } from '../http/console/access.ts';
import { adminArea } from '../http/console/admin.ts';
import { backendsArea } from '../http/console/backends.ts';
import { decisionsArea } from '../http/console/decisions.ts';
import type { ConsoleArea } from '../http/console/deps.ts';
import { policyArea } from '../http/console/policy.ts';
import { tokensArea } from '../http/console/tokens.ts';
import { createFindAsleep } from './asleep.ts';
import { adminDeps } from './console-admin.ts';
import type { AdminDeps } from './console-admin.ts';
import { backendsNow } from './console-backends.ts';
import { policyPageDeps } from './console-policy.ts';
import type { PolicyPageDeps } from './console-policy.ts';
import type { PersonalTokens } from './open-personal-tokens.ts';
import { openAccounts } from './open-records.ts';
import type { PolicyInForce } from './policy-in-force.ts';

export interface AreaDeps extends Omit<AdminDeps, 'robots' | 'findAsleep'>, PolicyPageDeps {
  readonly policy: Pick<PolicyInForce, 'current'>;
  /** Where test logins are counted, as logins are. */
  readonly shield: ShieldDeps;
  /** Undefined: not configured. */
  readonly personalTokens: PersonalTokens | undefined;
}

export function consoleAreas(config: BrokerConfig, deps: AreaDeps): readonly ConsoleArea[] {
  const { recent, clock, audit, shield, backends, records, personalTokens } = deps;
  const services = Object.keys(config.services);
  const robots = robotsOf(config.robots);
  const findAsleep = createFindAsleep(config.backends, openAccounts(records, clock), clock);
  const policy = deps.policy.current;
  const shared = { services, policy, clock };
  const areas = [
    accessArea({ ...shared, recent, onlyBackendFor: (name) => onlyBackendFor(backends, name) }),
    decisionsArea(recent),
    policyArea(policyPageDeps(config, deps)),
    adminArea(adminDeps({ ...deps, robots, findAsleep })),
    backendsArea({
      ...shared,
      backends: () => backendsNow(deps.api),
      testLogin: createTestLogin({ backends, clock, timer: shield.timer, audit, attempts: createTestAttempts(shield) }),
    }),
  ];
  if (personalTokens === undefined || config.personalTokens === undefined) return areas;
  const { store, issue } = personalTokens;
  const tokens = tokensArea({
    ...shared,
    settings: config.personalTokens,
    issue,
    findAsleep,
    robotsOf: (identity) => [...robots.values()].filter((robot) => isOwner(robot, identity)).map(({ name }) => name),
    list: (selection) => listPersonalTokens(store, selection),
    revoke: async (selection, ending) => {
      const revoked = await revokePersonalTokens({ store, audit }, selection, ending);
      await deps.onRevoked();
      return revoked;
    },
  });
  return [...areas, tokens];
}
