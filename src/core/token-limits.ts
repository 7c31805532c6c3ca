/** What the limits of a personal token allow. A token without limits may do what its owner may do. */
import type { Action } from './access.ts';
import type { RepositoryPattern } from './policy/repository-pattern.ts';

/**
 * One limit: these actions on these repositories of one registry. The patterns have the grammar of the policy, without
 * placeholders.
 */
export interface TokenLimit {
  readonly service: string;
  readonly repositories: readonly RepositoryPattern[];
  readonly actions: readonly Action[];
}
