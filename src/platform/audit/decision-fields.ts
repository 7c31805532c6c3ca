/** The fields of an audit line about a decision. `recorded-decisions.ts` reads them back. */
import type { AuditEvent } from '../../core/events.ts';
import { formatScope } from '../../core/scope.ts';
import type { Scope } from '../../core/scope.ts';
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
  const asked: string[] = [];
  const granted: string[] = [];
  const denied: string[] = [];
  // Of what is denied: what the policy grants, and the limits of the credential take away.
  const limited: string[] = [];
  const rules = new Set<string>();
  for (const grant of event.grants) {
    addScope(asked, grant.asked, grant.asked.actions);
    addScope(granted, grant.asked, grant.granted);
    addScope(denied, grant.asked, withoutGranted(grant.asked.actions, grant.granted));
    addScope(limited, grant.asked, grant.limited ?? []);
    for (const { rule } of grant.because) rules.add(rule);
  }
  return {
    ...subjectFields(event),
    service: event.service,
    ...listFields('asked', asked),
    ...listFields('granted', granted),
    ...(denied.length === 0 ? {} : listFields('denied', denied)),
    ...(limited.length === 0 ? {} : listFields('limited', limited)),
    // A scope that cannot be parsed grants nothing.
    outcome: denied.length === 0 && !isPartUnread ? 'all' : granted.length === 0 ? 'none' : 'some',
    ...listFields('rules', [...rules]),
    policy: event.policyRevision,
  };
}

function addScope(texts: string[], { type, name }: Scope, actions: readonly string[]): void {
  if (actions.length > 0) texts.push(formatScope({ type, name, actions }));
}

function withoutGranted(asked: readonly string[], granted: readonly string[]): readonly string[] {
  return granted.includes('*') ? [] : asked.filter((action) => !granted.includes(action));
}

export function hintFields({ hints = [] }: Pick<Issued, 'hints'>): Fields {
  return hints.length === 0 ? {} : { hints };
}

/** Most texts of one list, and most characters of them together, that a line holds. Clients choose what they ask for. */
const MAX_ITEMS = 300;
const MAX_ITEMS_TEXT = 16_384;

/** A list, and under `…Truncated` how many of its texts are left out. */
export function listFields(name: string, texts: readonly string[]): Fields {
  let left = MAX_ITEMS_TEXT;
  const kept = texts.slice(0, MAX_ITEMS).filter((text) => (left -= text.length) >= 0);
  if (kept.length === texts.length) return { [name]: kept };
  return { [name]: kept, [`${name}Truncated`]: texts.length - kept.length };
}
