import type { BackendTraits } from '../traits.ts';
import type { StaticFileConfig } from './config.ts';
import { loadIdentities, passwordFiles } from './users.ts';

export function staticFileTraits(config: StaticFileConfig): BackendTraits {
  return {
    names: 'exact',
    accepts: 'passwords',
    detectsUnknownUsers: true,
    canRevalidate: true,
    isAsleep: () => false,
    users: { identities: () => loadIdentities(config), passwordFiles: () => passwordFiles(config) },
    groups: { kind: 'listed' },
    deliversValue: () => false,
  };
}
