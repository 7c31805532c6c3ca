/** Scopes that no request can be granted, in questions that an operator asks: a misspelt one would get a false answer. */
import { ACTIONS } from '../core/access.ts';
import { repositorySegments } from '../core/policy/repository-pattern.ts';
import type { Scope } from '../core/scope.ts';
import { quote } from './expectation.ts';
import { suggest } from './suggest.ts';

/** @returns what is wrong with the scope, or undefined. Scopes of other types than `repository` are not judged. */
export function scopeProblem({ type, name, actions }: Scope): string | undefined {
  if (type !== 'repository') return undefined;
  // zot asks for the empty name (see `catalog` in the policy reference).
  if (name !== '' && repositorySegments(name) === undefined) return repositoryProblem(name);
  const known: readonly string[] = ACTIONS;
  const unknown = actions.find((action) => !known.includes(action));
  if (unknown === undefined) return undefined;
  const meant = suggest(unknown, known);
  return `${quote(unknown)} is not an action; ${meant === undefined ? `expected one of ${known.join(', ')}` : `did you mean "${meant}"?`}`;
}

export function repositoryProblem(name: string): string {
  return `${quote(name)} is not a repository name; expected one such as web/shop, in lower case`;
}
