/** What is read again while the broker runs, in addition to keys and certificates. */
import type { BrokerConfig } from '../config/broker-schema.ts';
import type { Authenticator, Log } from '../core/ports.ts';
import type { Shield } from '../flows/shield/shield.ts';
import type { PolicyInForce } from './policy-in-force.ts';
import type { Reloadable } from './reload.ts';
import type { Revisions } from './revisions.ts';

export function policyReloadable(config: BrokerConfig, policy: PolicyInForce, log: Log): Reloadable {
  return {
    what: 'policy',
    watches: [config.policy.file],
    reload: async () => {
      const { policy: loaded, warnings } = await policy.reload();
      logWarnings(warnings, log);
      return { revision: loaded.revision };
    },
  };
}

/** After a change of the users, the cached logins of this backend are not valid any more. */
export function backendReloadable(
  authenticator: Authenticator,
  shield: Shield,
  revisions: Pick<Revisions, 'readFilesOf'>,
): readonly Reloadable[] {
  const reload = authenticator.reload?.bind(authenticator);
  if (reload === undefined) return [];
  return [
    {
      what: `backend ${authenticator.name}`,
      watches: authenticator.watches ?? [],
      reload: async () => {
        await reload();
        await revisions.readFilesOf(authenticator);
        await shield.endAnswers(authenticator.name);
      },
    },
  ];
}

/** Of a policy. */
export function logWarnings(warnings: readonly string[], log: Log): void {
  for (const warning of warnings) log.warn('policy warning', { warning });
}
