/** The decision for a request: what the policy grants the user, within the limits of the credential. */
import type { Grant } from '../access.ts';
import type { Scope } from '../scope.ts';
import { narrow } from '../token-limits.ts';
import { decide } from './decide.ts';
import type { Policy } from './policy.ts';
import type { Situation } from './situation.ts';

export function decideFor(policy: Policy, situation: Situation, asked: Scope): Grant {
  const { caller, service } = situation;
  const limits = caller.kind === 'user' ? caller.via?.limits : undefined;
  return narrow(decide(policy, situation, asked), service, limits);
}
