/** Scopes that no request can be granted, in questions that an operator asks: a misspelt one would get a false answer. */
import { ACTIONS, isAction } from '../core/access.ts';
import { repositorySegments } from '../core/policy/repository-pattern.ts';
import type { Scope } from '../core/scope.ts';
import { quote } from './expectation.ts';
import { didYouMean } from './issue-sentences.ts';

/** @returns what is wrong with the scope, or undefined. Scopes of other types than `repository` are not judged. */
export function scopeProblem({ type, name, actions }: Scope): string | undefined {
  if (type !== 'repository') return undefined;
  // zot asks for the empty name (see `catalog` in the policy reference).
  const problem = name === '' ? undefined : repositoryProblem(name);
  if (problem !== undefined) return problem;
  const unknown = actions.find((action) => !isAction(action));
  return unknown === undefined ? undefined : actionProblem(unknown);
}

/** @param text is not an action */
export function actionProblem(text: string): string {
  return `${quote(text)} is not an action; expected one of ${ACTIONS.join(', ')}${didYouMean(text, ACTIONS)}`;
}

/** @returns what is wrong with the name, or undefined */
export function repositoryProblem(name: string): string | undefined {
  if (repositorySegments(name) !== undefined) return undefined;
  if (/[*{}]/.test(name)) {
    return `${quote(name)} is a pattern; expected the name of one repository, such as web/shop (an invariant in the policy proves what holds for a pattern)`;
  }
  return `${quote(name)} is not a repository name; expected one such as web/shop, in lower case`;
}
