/** The caller in an audit line: all attributes that a policy decides by, so that the decision can be replayed. */
import type { AuditEvent } from '../../core/events.ts';
import type { Via } from '../../core/identity.ts';
import { storedLimits } from '../../core/token-limits.ts';

/** The most groups of a user in a line, and the most characters of their names together. */
const MAX_GROUPS = 512;
const MAX_GROUP_TEXT = 32 * 1024;
const MAX_ATTRIBUTE_TEXT = 16 * 1024;
const MAX_LIMIT_TEXT = 16 * 1024;

type Issued = Extract<AuditEvent, { type: 'token.issued' }>;

export function subjectFields({ caller, attributes }: Pick<Issued, 'caller' | 'attributes'>) {
  if (caller.kind === 'anonymous') return { user: '', anonymous: true };
  const { username, backend, caseless, groups } = caller.identity;
  const logged = bounded([...groups], MAX_GROUPS, MAX_GROUP_TEXT);
  const named = boundedAttributes(attributes);
  return {
    user: username,
    backend,
    groups: logged,
    ...(logged.length < groups.size ? { groupsTruncated: groups.size - logged.length } : {}),
    ...(Object.keys(named).length === 0 ? {} : { attributes: named }),
    ...(caseless ? { caseless: true } : {}),
    ...(caller.stale === true ? { stale: true } : {}),
    ...(caller.via === undefined ? {} : { via: viaFields(caller.via) }),
  };
}

/** The credential that stood for the user. Limits that do not fit are left out, and the line says so. */
function viaFields({ kind, id, name, createdBy, limits }: Via) {
  const stored = limits === undefined ? undefined : storedLimits(limits);
  const isLogged = stored !== undefined && JSON.stringify(stored).length <= MAX_LIMIT_TEXT;
  return {
    kind,
    id,
    ...(name === undefined ? {} : { name }),
    ...(createdBy === undefined ? {} : { createdBy }),
    ...(isLogged ? { limits: stored } : {}),
    ...(stored !== undefined && !isLogged ? { limitsTruncated: stored.length } : {}),
  };
}

function bounded(texts: readonly string[], most: number, mostText: number): readonly string[] {
  let left = mostText;
  const fits = (text: string): boolean => (left -= text.length) >= 0;
  return texts.slice(0, most).filter(fits);
}

/** Leaves out an attribute that does not fit: a reader must not mistake it for one without values. */
function boundedAttributes(attributes: Issued['attributes']): Readonly<Record<string, readonly string[]>> {
  let left = MAX_ATTRIBUTE_TEXT;
  const fits = ([name, values]: readonly [string, readonly string[]]): boolean => {
    left -= values.reduce((sum, value) => sum + value.length, name.length);
    return left >= 0;
  };
  return Object.fromEntries([...attributes].filter(fits));
}
