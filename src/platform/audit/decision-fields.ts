/** The fields of an audit line about a decision. `recorded-decisions.ts` reads them back. */
import type { AuditEvent } from '../../core/events.ts';
import { formatScope } from '../../core/scope.ts';
import { subjectFields } from './subject-fields.ts';
import { typed } from './typed-text.ts';

type Fields = Readonly<Record<string, unknown>>;
type Issued = Extract<AuditEvent, { type: 'token.issued' }>;
type Decided = Extract<AuditEvent, { type: 'access.decided' }>;

/** Of an issued token. */
export function issuedFields(event: Issued): Fields {
  return {
    ...decidedFields(event, event.malformed.length > 0),
    ...(event.malformed.length === 0 ? {} : { malformed: event.malformed.slice(0, 10).map(typed) }),
    ...hintFields(event),
    tokenId: event.tokenId,
    ...(event.isReused ? { reused: true } : {}),
    expiresIn: event.expiresIn,
  };
}

/** What was asked, what of it is granted and what is denied; long lists are cut and counted. */
export function decidedFields(event: Issued | Decided, isPartUnread = false): Fields {
  const { grants } = event;
  const granted = grants.filter((grant) => grant.granted.length > 0);
  const missing = grants.flatMap(({ asked, granted: actions }) => {
    const denied = actions.includes('*') ? [] : asked.actions.filter((action) => !isIn(actions, action));
    return denied.length === 0 ? [] : [formatScope({ ...asked, actions: denied })];
  });
  const limitedBy = grants.flatMap(({ asked, limited: actions = [] }) =>
    actions.length === 0 ? [] : [formatScope({ ...asked, actions })],
  );
  return {
    ...subjectFields(event),
    service: event.service,
    ...listFields(
      'asked',
      grants.map(({ asked }) => formatScope(asked)),
    ),
    ...listFields(
      'granted',
      granted.map(({ asked, granted: actions }) => formatScope({ ...asked, actions })),
    ),
    ...(missing.length === 0 ? {} : listFields('denied', missing)),
    // Of what is denied: what the policy grants, and the limits of the credential take away.
    ...(limitedBy.length === 0 ? {} : listFields('limited', limitedBy)),
    // A scope that cannot be parsed grants nothing.
    outcome: missing.length === 0 && !isPartUnread ? 'all' : granted.length === 0 ? 'none' : 'some',
    ...listFields('rules', [...new Set(grants.flatMap(({ because }) => because.map(({ rule }) => rule)))]),
    policy: event.policyRevision,
  };
}

export function hintFields({ hints = [] }: Pick<Issued, 'hints'>): Fields {
  return hints.length === 0 ? {} : { hints };
}

function isIn(actions: readonly string[], action: string): boolean {
  return actions.includes(action);
}

/** Most texts of one list, and most characters of them together, that a line holds. Clients choose what they ask for. */
const MAX_ITEMS = 300;
const MAX_ITEMS_TEXT = 16_384;

/** A list, and under `…Truncated` how many of its texts are left out. */
export function listFields(name: string, texts: readonly string[]): Fields {
  let left = MAX_ITEMS_TEXT;
  const kept = texts.slice(0, MAX_ITEMS).filter((text) => (left -= text.length) >= 0);
  return { [name]: kept, ...(kept.length < texts.length ? { [`${name}Truncated`]: texts.length - kept.length } : {}) };
}
