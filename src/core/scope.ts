/**
 * The scope grammar of the distribution token specification: `type[(class)]:name:action[,action]*`.
 *
 * A name may contain a colon (`host:5000/team/app`), so the type ends at the first colon and the actions start
 * after the last one (spec/auth/scope.md).
 */
import { BrokerError } from './errors.ts';

/** One requested scope. It may contain unknown actions: the decision denies them, not the parser. */
export interface Scope {
  readonly type: string;
  readonly name: string;
  readonly actions: readonly string[];
}

/** Maximum number of scopes in one request; oc-mirror sends more than 200. More are refused, never left out. */
export const MAX_SCOPES = 500;
/** Maximum number of scopes in one request with their repetitions. Each costs time, also where it adds nothing. */
const MAX_TEXTS = 2 * MAX_SCOPES;
/** Maximum length of a name (distribution's reference grammar). */
export const MAX_NAME_LENGTH = 255;

const TYPE = /^([a-z0-9]+)(?:\([a-z0-9]+\))?$/;
/** Maximum number of actions of a scope, with those of its repetitions. Registries know four. */
const MAX_ACTIONS = 16;
/** Maximum length of a scope: that of a name, with three times as much for the type and the actions. */
const MAX_LENGTH = 1024;

/** @returns undefined when the text is not a scope. A malformed scope grants nothing, and the request goes on. */
export function parseScope(text: string): Scope | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const first = text.indexOf(':');
  const last = text.lastIndexOf(':');
  if (first < 0 || first === last) return undefined;
  // The class is deprecated, and registries do not match one: `repository(plugin)` is a `repository`.
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
 * Parses the values of the `scope` parameters of a request. Clients repeat the parameter, join scopes with spaces, repeat
 * scopes, and start with a space. The result has one entry for each type and name.
 *
 * @returns the scopes, and for the log the texts that are not scopes
 * @throws BrokerError `too_many_scopes` for more than MAX_SCOPES scopes, or as many texts that are not scopes, or
 *   MAX_TEXTS texts in all
 */
export function parseScopes(values: readonly string[]): {
  readonly scopes: readonly Scope[];
  readonly malformed: readonly string[];
} {
  const merged = new Map<string, MergedScope>();
  const malformed: string[] = [];
  let texts = 0;
  for (const text of textsIn(values)) {
    texts += 1;
    if (!merge(parseScope(text), merged)) malformed.push(text);
    if (merged.size > MAX_SCOPES || malformed.length > MAX_SCOPES) {
      throw new BrokerError('too_many_scopes', `more than ${MAX_SCOPES} scopes`);
    }
    if (texts > MAX_TEXTS) throw new BrokerError('too_many_scopes', `more than ${MAX_TEXTS} scopes with repetitions`);
  }
  return { scopes: [...merged.values()].map((scope) => ({ ...scope, actions: [...scope.actions] })), malformed };
}

function* textsIn(values: readonly string[]): Generator<string> {
  for (const value of values) for (const [text] of value.matchAll(/[^ ]+/g)) yield text;
}

interface MergedScope extends Pick<Scope, 'type' | 'name'> {
  readonly actions: ReadonlySet<string>;
}

/** @returns whether there is a scope, and its actions with those of its repetitions are not too many */
function merge(scope: Scope | undefined, merged: Map<string, MergedScope>): boolean {
  if (scope === undefined) return false;
  const { type, name } = scope;
  const key = `${type}:${name}`;
  const actions = new Set([...(merged.get(key)?.actions ?? []), ...scope.actions]);
  if (actions.size > MAX_ACTIONS) return false;
  merged.set(key, { type, name, actions });
  return true;
}
