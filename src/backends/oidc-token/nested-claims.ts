import { isObject } from '../../core/is-object.ts';
import type { Claims } from '../oidc/claim-path.ts';

const MAX_DEPTH = 3;

/** The values within objects, by their JSON pointers: `/kubernetes.io/namespace`. */
export function nestedClaims(claims: Claims, base = '', depth = 0): Claims {
  const found: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(claims)) {
    const pointer = `${base}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (isObject(value)) Object.assign(found, depth < MAX_DEPTH ? nestedClaims(value, pointer, depth + 1) : {});
    else if (depth > 0) found[pointer] = value;
  }
  return found;
}
