/**
 * The scope grammar of the distribution token specification: `type[(class)]:name:action[,action]*`.
 *
 * A name may itself hold a colon (`host:5000/team/app`), so the type ends at the first colon and the actions start
 * after the last one (spec/auth/scope.md).
 */

/** One thing asked for. `actions` are as asked: unknown ones are refused by the decision, not by the parser. */
export interface Scope {
  readonly type: string;
  readonly name: string;
  readonly actions: readonly string[];
}

/** Most scopes one request may name; oc-mirror is seen to send 200 and more. */
export const MAX_SCOPES = 500;
/** Longest name, from distribution's reference grammar. */
export const MAX_NAME_LENGTH = 255;

const TYPE = /^([a-z0-9]+)(?:\([a-z0-9]+\))?$/;
const MAX_ACTIONS = 16;

/** @returns the scope, or undefined when the text is not one: a malformed scope grants nothing and fails nothing. */
export function parseScope(text: string): Scope | undefined {
  const first = text.indexOf(':');
  const last = text.lastIndexOf(':');
  if (first < 0 || first === last) return undefined;
  // The class is deprecated: `repository(plugin)` is its type, and registries do not match a class.
  const type = TYPE.exec(text.slice(0, first))?.[1];
  if (type === undefined) return undefined;
  const name = text.slice(first + 1, last);
  if (name.length > MAX_NAME_LENGTH) return undefined;
  const actions = [...new Set(text.slice(last + 1).split(','))].filter((action) => action !== '');
  if (actions.length === 0 || actions.length > MAX_ACTIONS) return undefined;
  return { type, name, actions };
}

export function formatScope(scope: Scope): string {
  return `${scope.type}:${scope.name}:${scope.actions.join(',')}`;
}

/**
 * Parses every value of a request's `scope` parameters. Clients repeat the parameter, join scopes with spaces, repeat
 * and overlap them and start with a space; all of that is one list, one entry per type and name.
 *
 * @returns the scopes, and the texts that were not scopes, for the log.
 */
export function parseScopes(values: readonly string[]): {
  readonly scopes: readonly Scope[];
  readonly malformed: readonly string[];
} {
  const merged = new Map<string, { type: string; name: string; actions: string[] }>();
  const malformed: string[] = [];
  for (const text of values.flatMap((value) => value.split(' '))) {
    if (text === '') continue;
    const scope = parseScope(text);
    if (scope === undefined || (merged.size >= MAX_SCOPES && !merged.has(`${scope.type}:${scope.name}`))) {
      if (malformed.length < MAX_SCOPES) malformed.push(text);
      continue;
    }
    const key = `${scope.type}:${scope.name}`;
    const seen = merged.get(key);
    if (seen === undefined) merged.set(key, { ...scope, actions: [...scope.actions] });
    else seen.actions.push(...scope.actions.filter((action) => !seen.actions.includes(action)));
  }
  return { scopes: [...merged.values()], malformed };
}
