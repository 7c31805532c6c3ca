/** The tokens of running brokers. A command works on the stored records only where no broker answers. */
import { askBrokers } from '../../app/control.ts';
import type { BrokerAnswers } from '../../app/control.ts';
import { reachText } from '../../app/fleet-flush.ts';
import { MAX_LISTED, MAX_PAGE } from '../../http/api/fields.ts';
import type { Answer, ApiRequest, OperationId } from '../../http/api/operations.ts';
import { ControlUnavailable } from '../../platform/control-socket.ts';
import { UsageError } from '../command.ts';

interface AtBroker<Found> {
  /** Undefined: no broker that runs has tokens, or none answers. */
  readonly found?: Found | undefined;
  /** Why none could be asked. */
  readonly unavailable?: ControlUnavailable;
}

/** Separates the brokers that cannot be asked from those that refuse. */
export async function atBroker<Found>(ask: () => Promise<Found | undefined>): Promise<AtBroker<Found>> {
  try {
    return { found: await ask() };
  } catch (error) {
    if (error instanceof ControlUnavailable) return { unavailable: error };
    throw error;
  }
}

/** A token that was revoked, as commands print it. */
export type ShownRevoked = Answer<'revokeTokens'>['revoked'][number];

export interface Revoked {
  readonly tokens: readonly ShownRevoked[];
  /** What could not be revoked, as sentences. */
  readonly failures: readonly string[];
  /** Which brokers were not reached: they may give out a signed token again for some seconds. */
  readonly problems: readonly string[];
  /** Where nothing of an account has ended: why. */
  readonly hint?: string | undefined;
}

/** Which tokens are revoked. */
export type Choice = ApiRequest<'revokeTokens'>;

/** @throws ControlUnavailable when no broker answers */
export async function revokeAtBrokers(stateDir: string, choice: Choice): Promise<Revoked | undefined> {
  if ((choice.ids?.length ?? 0) > MAX_LISTED)
    throw new UsageError(`found more than ${MAX_LISTED} ids, expected fewer in each command`);
  return revokedBy(await askBrokers(stateDir, 'revokeTokens', choice));
}

/** @throws ControlUnavailable when no broker answers */
export async function endAccountAtBrokers(stateDir: string, user: string): Promise<Revoked | undefined> {
  return revokedBy(await askBrokers(stateDir, 'endAccount', { user }));
}

/** @throws ControlUnavailable when no broker answers */
export async function checkLeakAtBrokers(stateDir: string, candidates: readonly string[]) {
  const { answers, silent } = await askBrokers(stateDir, 'checkLeak', { text: candidates.join('\n') });
  const revoked = revokedBy({ answers, silent });
  const [first] = answers.flatMap((one) => (one.ok ? [one.answer] : []));
  if (revoked === undefined || first === undefined) return undefined;
  return { ...revoked, found: first.found, damaged: first.damaged };
}

type Revocation = 'revokeTokens' | 'endAccount' | 'checkLeak';

/** The first broker has removed the records; each has stopped giving out signed tokens again. */
function revokedBy<Id extends Revocation>({ answers, silent }: BrokerAnswers<Id>): Revoked | undefined {
  const done = answers.flatMap((one): readonly Answer<Revocation>[] => (one.ok ? [one.answer] : []));
  const refused = refusals({ answers, silent });
  if (done.length === 0) return undefinedUnless(refused, silent);
  return {
    tokens: done.flatMap(({ revoked }) => revoked),
    failures: done.flatMap((one) => ('failed' in one ? one.failed.map(({ what, cause }) => `${what}: ${cause}`) : [])),
    problems: [
      ...refused,
      ...done.flatMap(({ fleet }) => (fleet.complete ? [] : [`revoked${reachText(fleet)}`])),
      ...done.flatMap(({ count, revoked }) =>
        count > revoked.length ? [`revoked ${count - revoked.length} more tokens, which are not listed`] : [],
      ),
      ...silent.map((socket) => `the broker at ${socket} does not answer`),
    ],
    hint: done.flatMap((one) => ('hint' in one && one.hint !== null ? [one.hint] : []))[0],
  };
}

/** Why brokers refuse. One whose configuration offers no tokens has none. */
function refusals<Id extends OperationId>({ answers }: BrokerAnswers<Id>): readonly string[] {
  return answers.flatMap((one) => (one.ok || one.code === 'not-configured' ? [] : [one.detail]));
}

function undefinedUnless([refusal]: readonly string[], [silent]: readonly string[]): undefined {
  if (refusal !== undefined) throw new Error(refusal);
  if (silent !== undefined) throw new ControlUnavailable('silent', silent, undefined);
}

export type RefreshTokenRow = Answer<'listRefreshTokens'>['refreshTokens'][number];
export type PersonalTokenRow = Answer<'listPersonalTokens'>['personalTokens'][number];

/** @throws ControlUnavailable when no broker answers */
export async function refreshTokensAtBroker(
  stateDir: string,
  choice: { readonly user?: string | undefined; readonly service?: string | undefined },
): Promise<readonly RefreshTokenRow[] | undefined> {
  const pages = await allPages(async (page) =>
    answerOf(await askBrokers(stateDir, 'listRefreshTokens', { ...choice, ...page }, 1)),
  );
  return pages
    ?.flatMap(({ refreshTokens }) => refreshTokens)
    .toSorted((a, b) => a.usedAt.localeCompare(b.usedAt) || a.createdAt.localeCompare(b.createdAt));
}

/** @throws ControlUnavailable when no broker answers */
export async function personalTokensAtBroker(
  stateDir: string,
  choice: { readonly user?: string; readonly robot?: string },
): Promise<readonly PersonalTokenRow[] | undefined> {
  const pages = await allPages(async (page) =>
    answerOf(await askBrokers(stateDir, 'listPersonalTokens', { ...choice, ...page }, 1)),
  );
  return pages
    ?.flatMap(({ personalTokens }) => personalTokens)
    .toSorted((a, b) => a.createdAt.localeCompare(b.createdAt));
}

/** @param ask returns undefined when no broker has tokens */
async function allPages<Page extends { readonly next: string | null }>(
  ask: (page: { readonly limit: number; readonly after: string | undefined }) => Promise<Page | undefined>,
): Promise<readonly Page[] | undefined> {
  const pages: Page[] = [];
  let after: string | undefined;
  do {
    const page = await ask({ limit: MAX_PAGE, after });
    if (page === undefined) return undefined;
    pages.push(page);
    after = page.next ?? undefined;
  } while (after !== undefined);
  return pages;
}

async function answerOf<Id extends OperationId>({
  answers,
  silent,
}: BrokerAnswers<Id>): Promise<Answer<Id> | undefined> {
  const [first] = answers;
  if (first?.ok === true) return first.answer;
  return undefinedUnless(refusals({ answers, silent }), silent);
}

/** @throws ControlUnavailable when no broker answers; UsageError when the broker refuses the order */
export async function createTokenAtBroker(
  stateDir: string,
  order: ApiRequest<'createPersonalToken'>,
): Promise<Answer<'createPersonalToken'>> {
  const { answers, silent } = await askBrokers(stateDir, 'createPersonalToken', order, 1);
  const [first] = answers;
  if (first === undefined) throw new ControlUnavailable('silent', silent[0] ?? stateDir, undefined);
  if (first.ok) return first.answer;
  throw first.code === 'conflict' || first.code === 'invalid-request'
    ? new UsageError(first.detail)
    : new Error(first.detail);
}
