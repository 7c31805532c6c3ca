/** The refresh tokens of running brokers, for `fairlead tokens`. */
import { askBrokers } from '../app/control.ts';
import { reachText } from '../app/fleet-flush.ts';
import { MAX_LISTED, MAX_PAGE } from '../http/api/fields.ts';
import type { Answer } from '../http/api/operations.ts';
import { ControlUnavailable } from '../platform/control-socket.ts';

/** A refresh token as the command prints it. */
export interface ShownToken {
  readonly id: string;
  readonly user: string;
  readonly service: string;
  readonly backend: string;
  readonly created: string;
  readonly used: string;
  readonly expires: string;
  /** The address of the client, and its program. */
  readonly client: string;
}

interface Choice {
  readonly user?: string;
  readonly service?: string;
}

/**
 * All of them, the least recently used first.
 *
 * @returns undefined when the broker has no records of refresh tokens
 * @throws ControlUnavailable when no broker answers
 */
export async function listAtBroker(
  stateDir: string,
  { user, service }: Choice,
): Promise<readonly ShownToken[] | undefined> {
  const tokens: ShownToken[] = [];
  let after: string | undefined;
  do {
    const page = await answerOf(stateDir, 'listRefreshTokens', { user, service, limit: MAX_PAGE, after });
    if (page === undefined) return undefined;
    tokens.push(...page.refreshTokens.map(shown));
    after = page.next ?? undefined;
  } while (after !== undefined);
  return tokens.toSorted((a, b) => a.used.localeCompare(b.used) || a.created.localeCompare(b.created));
}

interface Revoked {
  readonly tokens: readonly ShownToken[];
  /** What was not reached, as sentences. */
  readonly problems: readonly string[];
}

/**
 * Revokes them at each broker: the first removes the records, and all of them stop giving out signed tokens again.
 *
 * @returns undefined when no broker has records of refresh tokens
 * @throws ControlUnavailable when no broker answers
 */
export async function revokeAtBrokers(
  stateDir: string,
  { ids, user, service }: Choice & { readonly ids: readonly string[] },
): Promise<Revoked | undefined> {
  if (ids.length > MAX_LISTED) throw new Error(`expected at most ${MAX_LISTED} ids at once`);
  const which = ids.length > 0 ? { ids: [...ids] } : user === undefined ? { all: true as const } : { user };
  const { answers, silent } = await askBrokers(stateDir, 'revokeRefreshTokens', { ...which, service });
  const done = answers.flatMap((one) => (one.ok ? [one.answer] : []));
  const refused = answers.flatMap((one) => (one.ok || one.code === 'not-configured' ? [] : [one.detail]));
  const [problem] = refused;
  if (done.length === 0 && problem !== undefined) throw new Error(problem);
  if (done.length === 0) {
    requireNoSilent(silent);
    return undefined;
  }
  return {
    tokens: done.flatMap(({ revoked }) => revoked.map(shown)),
    problems: [
      ...refused,
      ...done.flatMap(({ fleet }) => (fleet.complete ? [] : [`revoked${reachText(fleet)}`])),
      ...done.flatMap(({ count, revoked }) =>
        count > revoked.length ? [`revoked ${count - revoked.length} more tokens, which are not listed`] : [],
      ),
      ...silent.map((socket) => `the broker at ${socket} does not answer`),
    ],
  };
}

async function answerOf(
  stateDir: string,
  id: 'listRefreshTokens',
  request: Parameters<typeof askBrokers<'listRefreshTokens'>>[2],
): Promise<Answer<'listRefreshTokens'> | undefined> {
  const { answers, silent } = await askBrokers(stateDir, id, request, 1);
  const [first] = answers;
  if (first === undefined) {
    requireNoSilent(silent);
    return undefined;
  }
  if (first.ok) return first.answer;
  if (first.code === 'not-configured') return undefined;
  throw new Error(first.detail);
}

function requireNoSilent([path]: readonly string[]): void {
  if (path !== undefined) throw new ControlUnavailable('silent', path, undefined);
}

function shown(token: Answer<'listRefreshTokens'>['refreshTokens'][number]): ShownToken {
  const { id, user, service, backend, createdAt, usedAt, expiresAt, client, clientId } = token;
  return {
    id,
    user,
    service,
    backend,
    created: createdAt,
    used: usedAt,
    expires: expiresAt,
    client: clientId === '' ? client : `${client} (${clientId})`,
  };
}
