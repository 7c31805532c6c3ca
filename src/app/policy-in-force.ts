/** The policy in force. A reload replaces all of it; after an invalid file, the last valid policy stays in force. */
import type { UsablePolicy } from '../config/load.ts';
import type { PolicyStatus } from '../platform/audit/file-metrics.ts';
import type { Policy } from '../core/policy/policy.ts';

interface PolicyState {
  readonly revision: string;
  /** The file is invalid now, or its tests fail; the policy is the last valid one. */
  readonly stale: boolean;
}

export interface PolicyInForce {
  current(): Policy;
  state(): PolicyState;
  /** The same for the metrics. */
  status(): PolicyStatus;
  /** Of the policy in force, each with its position. */
  warnings(): readonly string[];
  /** Reads the file again. @throws what the loader throws; the old policy stays in force. */
  reload(): Promise<UsablePolicy>;
}

export async function policyInForce(load: () => Promise<UsablePolicy>): Promise<PolicyInForce> {
  let loaded = await load();
  let stale = false;
  return {
    current: () => loaded.policy,
    state: () => ({ revision: loaded.policy.revision, stale }),
    status: () => ({ revision: loaded.policy.revision, failedTests: loaded.failedTests }),
    warnings: () => loaded.warnings,
    reload: async () => {
      try {
        loaded = await load();
        stale = false;
        return loaded;
      } catch (error) {
        stale = true;
        throw error;
      }
    },
  };
}
