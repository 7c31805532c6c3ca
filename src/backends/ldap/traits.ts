import type { BackendTraits } from '../traits.ts';
import type { LdapConfig } from './config/config.ts';

export function ldapTraits({ attributes, bind, groups, users }: LdapConfig): BackendTraits {
  // With a template and no service account, an entry can be read only as the user, after the user's bind.
  const readsWithoutUser = users.template === undefined || bind !== undefined;
  const delivered = new Set(attributes.map((attribute) => `attr:${attribute.toLowerCase()}`));
  return {
    names: 'caseless',
    accepts: 'passwords',
    // A bind with a DN from a template fails with the same result code for an unknown user and a wrong password.
    detectsUnknownUsers: users.template === undefined,
    canRevalidate: readsWithoutUser,
    isAsleep: () => false,
    users: undefined,
    groups: groups === undefined ? { kind: 'none' } : { kind: 'any', base: groups.base },
    deliversValue: (placeholder) => delivered.has(placeholder),
  };
}
