/** The policy that decides now. A reload replaces it whole; a bad file leaves the last good one in force. */
import type { Policy } from '../core/policy/policy.ts';

export interface PolicyInForce {
  current(): Policy;
  /** `stale`: the file has since been found bad, and `current` is what it held before. */
  state(): { readonly revision: string; readonly stale: boolean };
  /** Reads the file again. @throws what the loader throws, with the old policy still in force. */
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
