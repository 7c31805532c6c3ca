/** The scopes of a request to the token server of tests, and what is granted for them. */
import type { FaultName } from './token-server-faults.ts';
import { Refusal } from './token-server-refusal.ts';

/** What the user may do. */
export const RIGHTS: ReadonlyMap<string, readonly string[]> = new Map([
  ['team/app', ['pull', 'push']],
  ['team/lib', ['pull', 'push']],
  ['public/app', ['pull']],
  ['private/app', []],
]);
/** What anonymous callers may do. */
export const PUBLIC: ReadonlyMap<string, readonly string[]> = new Map([['public/app', ['pull']]]);

export interface Scope {
  readonly type: string;
  readonly name: string;
  readonly actions: readonly string[];
}

interface ScopesOptions {
  /** Whether the server has a fault. */
  readonly has: (name: FaultName) => boolean;
  /** Whether the user may list all repositories. */
  readonly hasCatalog: boolean;
}

export function createScopes({ has, hasCatalog }: ScopesOptions) {
  function scopesOf(parameters: URLSearchParams, isPost: boolean): readonly Scope[] {
    const values = parameters.getAll('scope');
    if (values.length === 0 && has('scope-required')) throw new Refusal(400);
    if (has('empty-scope') && values.includes('')) throw new Refusal(400);
    if (has('leading-space') && values.some((value) => value.startsWith(' '))) throw new Refusal(400);
    const chosen = (has('first-scope') && !isPost) || (has('post-first-scope') && isPost) ? values.slice(0, 1) : values;
    const isSplit = !(has('not-split') || (has('post-not-split') && isPost));
    const texts = chosen
      .flatMap((value) => (isSplit ? value.split(' ') : [value.trim()]))
      .filter((text) => text !== '');
    const scopes = new Map<string, Scope>();
    for (const text of texts) {
      const scope = parse(text);
      if (scope === undefined) continue;
      const key = `${scope.type}:${scope.name}`;
      const same = scopes.get(key);
      if (same === undefined) scopes.set(key, scope);
      else if (!has('first-of-overlapping'))
        scopes.set(key, { ...scope, actions: [...same.actions, ...scope.actions] });
    }
    return [...scopes.values()];
  }

  function parse(text: string): Scope | undefined {
    const match = /^([a-z0-9]+)(\([a-z0-9]+\))?:(.+):([a-z*,]+)$/.exec(text);
    const [, type = '', kind = '', name = '', actions = ''] = match ?? [];
    if (match === null) {
      if (has('malformed-scope') && !text.includes(' ')) throw new Refusal(400);
      return undefined;
    }
    if (type === 'conformance' && has('unknown-type')) throw new Refusal(400);
    if (name.includes(':') && has('colon-in-name')) throw new Refusal(400);
    return { type: has('class') ? type + kind : type, name, actions: [...new Set(actions.split(','))] };
  }

  function grant({ type, name, actions }: Scope, user: string, all: readonly Scope[]): readonly Scope[] {
    if (type === 'registry') return name === 'catalog' ? grantCatalog(actions, user) : [];
    if (!type.startsWith('repository')) return [];
    const rights = rightsOf(name, user);
    const granted = has('all-rights') ? rights : actions.filter((action) => rights.includes(action));
    if (has('unknown-action') && actions.includes('conformance')) return [{ type, name, actions }];
    if (has('partial-refused') && granted.length > 0 && granted.length < actions.length && name === 'public/app') {
      throw new Refusal(401);
    }
    if (granted.length > 0) return [{ type, name, actions: granted }];
    if (has('denied-refused')) throw new Refusal(403);
    if (has('denied-takes-all') && all.length > 1 && name === 'private/app') throw new Refusal(401);
    return [];
  }

  function rightsOf(name: string, user: string): readonly string[] {
    if (name === '*' && has('star-granted')) return ['pull', 'push'];
    if (name === 'private/app' && has('private-readable')) return ['pull'];
    if (name === 'PRIVATE/APP' && has('upper-case-granted')) return ['pull'];
    if (user === '' && name === 'team/app' && has('anonymous-push')) return ['pull', 'push'];
    return (user === '' ? PUBLIC : RIGHTS).get(name) ?? [];
  }

  function grantCatalog(actions: readonly string[], user: string): readonly Scope[] {
    if (user === '' || !hasCatalog || has('no-catalog')) return [];
    if (has('catalog-actions')) return [{ type: 'registry', name: 'catalog', actions: ['pull', 'push'] }];
    return actions.includes('*') ? [{ type: 'registry', name: 'catalog', actions: ['*'] }] : [];
  }

  return { scopesOf, grant };
}
