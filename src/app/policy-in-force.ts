/** The policy in force. A reload replaces all of it; after an invalid file, the last valid policy stays in force. */
import type { Policy } from '../core/policy/policy.ts';

export interface PolicyInForce {
  current(): Policy;
  /** `stale`: the file is invalid now, and `current` is its last valid policy. */
  state(): { readonly revision: string; readonly stale: boolean };
  /** Reads the file again. @throws what the loader throws; the old policy stays in force. */
  reload(): Promise<Policy>;
}

export async function policyInForce(load: () => Promise<Policy>): Promise<PolicyInForce> {
  let policy = await load();
  let stale = false;
  return {
    current: () => policy,
    state: () => ({ revision: policy.revision, stale }),
    reload: async () => {
      try {
        policy = await load();
        stale = false;
        return policy;
      } catch (error) {
        stale = true;
        throw error;
      }
    },
  };
}
