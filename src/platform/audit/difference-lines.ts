/** The log lines of shadow mode: one for each decision that differs between the two policies. */
import type { Grant } from '../../core/access.ts';
import type { AuditEvent } from '../../core/events.ts';
import { formatScope } from '../../core/scope.ts';

type Compared = Extract<AuditEvent, { type: 'policy.compared' }>;
type Fields = Readonly<Record<string, unknown>>;

/** Lines of one request; the metric counts all of them. */
const MOST_LINES = 50;

export function differenceLines({ differing, ...event }: Compared): readonly Fields[] {
  const { requestId, client } = event.request;
  const { caller } = event;
  const shared = {
    event: 'policy.differs',
    requestId,
    client,
    ...(caller.kind === 'anonymous'
      ? { user: '', anonymous: true }
      : { user: caller.identity.username, backend: caller.identity.backend }),
    service: event.service,
    policy: event.policyRevision,
    shadow: event.shadowRevision,
  };
  const unlogged = differing.length - MOST_LINES;
  return differing.slice(0, MOST_LINES).map(({ served, shadow }, index) => ({
    ...shared,
    asked: formatScope(served.asked),
    granted: served.granted,
    shadowGranted: shadow.granted,
    rules: rulesOf(served),
    shadowRules: rulesOf(shadow),
    ...(unlogged > 0 && index === MOST_LINES - 1 ? { unlogged } : {}),
  }));
}

function rulesOf({ because }: Grant): readonly string[] {
  return because
    .filter(({ effect }) => effect !== 'skipped')
    .map(({ rule, file, line, effect }) => `${effect}: ${rule} (${file}:${line})`);
}
