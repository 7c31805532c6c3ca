/**
 * Equal look-ups at the same time share one answer: all nodes of a cluster pull a new image with one pull secret, and the
 * directory is asked once. Nothing is cached: a look-up that begins after the answer asks again.
 */
import type { IdentityOfOwner } from './deps.ts';

export function shareLookUps(identityOf: IdentityOfOwner): IdentityOfOwner {
  const underWay = new Map<string, ReturnType<IdentityOfOwner>>();
  return (owner) => {
    const key = JSON.stringify(owner);
    const shared = underWay.get(key);
    if (shared !== undefined) return shared;
    const lookUp = identityOf(owner).finally(() => underWay.delete(key));
    underWay.set(key, lookUp);
    return lookUp;
  };
}
