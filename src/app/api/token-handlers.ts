/** What the operations about issued credentials do. */
import { isChosenAccount } from '../../core/account.ts';
import { describeError } from '../../core/errors.ts';
import type { Audit, Clock } from '../../core/ports.ts';
import type { Robots } from '../../core/robot.ts';
import { sessionId } from '../../core/session.ts';
import type { ChainedBackend } from '../../flows/chain.ts';
import { accountFinder, createEndAccount } from '../../flows/end-account.ts';
import type { Ending } from '../../flows/end-account.ts';
import { nothingEndedHint } from '../../flows/other-spellings.ts';
import { revokeLeakedTokens, tokenCandidates } from '../../flows/leaked-tokens.ts';
import { issueForUser } from '../../flows/personal-token/issue-for-user.ts';
import type { IssuePersonalToken } from '../../flows/personal-token/issue.ts';
import { listPersonalTokens } from '../../flows/personal-token/list.ts';
import { revokePersonalTokens } from '../../flows/personal-token/revoke.ts';
import { listRefreshTokens, revokeRefreshTokens } from '../../flows/refresh-token/revoke.ts';
import type { ApiContext, ApiHandlers } from '../../http/api/api.ts';
import { MAX_LISTED, pageOf } from '../../http/api/fields.ts';
import type { Answer, Input } from '../../http/api/operations.ts';
import { ApiProblem } from '../../http/api/problem.ts';
import type { tokenOperations } from '../../http/api/token-operations.ts';
import { personalTokenSecrets } from '../../platform/personal-token-secrets.ts';
import type { SharedFleet } from '../../platform/valkey/shared-store.ts';
import type { FindAsleep } from '../asleep.ts';
import { reachFleet } from '../fleet-flush.ts';
import type { FleetReach } from '../fleet-flush.ts';
import { endableCredentials } from './endable-credentials.ts';
import type { TokenStores } from '../token-stores.ts';
import { collecting, personalTokenOf, refreshTokenOf, sessionOf, shownRevoked } from './shown-tokens.ts';
import type { Collecting } from './shown-tokens.ts';

interface TokenHandlerDeps {
  /** Undefined: nothing that is configured has records. */
  readonly stores: TokenStores | undefined;
  /** Undefined: personal tokens are not configured. */
  readonly issue: IssuePersonalToken | undefined;
  readonly findAsleep: FindAsleep;
  readonly robots: Robots;
  readonly backends: readonly ChainedBackend[];
  readonly clock: Clock;
  /** Makes this broker sign new tokens instead of giving out earlier ones again. */
  readonly onRevoked: () => void;
  /** Ends the cached logins of all backends. */
  readonly endLogins: () => Promise<void>;
  /** Absent: this broker shares nothing. */
  readonly fleet?: SharedFleet | undefined;
  readonly audit: Audit;
}

type TokenHandlers = Pick<ApiHandlers, keyof typeof tokenOperations>;

export function tokenHandlers(deps: TokenHandlerDeps): TokenHandlers {
  return {
    listRefreshTokens: async ({ user, service, ...page }) => {
      const { refreshTokens } = storesOf(deps);
      const found = await listRefreshTokens(refreshTokens, { account: accountOf(user), service });
      const { entries, next } = pageOf(found, page);
      const isAsleep = await deps.findAsleep(entries);
      return { refreshTokens: entries.map((token) => refreshTokenOf(token, isAsleep(token))), next };
    },
    listPersonalTokens: async ({ user, robot, ...page }) => {
      const found = await listPersonalTokens(storesOf(deps).personalTokens, { account: accountOf(user), robot });
      const { entries, next } = pageOf(found, page);
      const isAsleep = await deps.findAsleep(entries.map(({ owner }) => owner));
      return { personalTokens: entries.map((token) => personalTokenOf(token, isAsleep(token.owner))), next };
    },
    listSessions: async ({ user, ...page }) => {
      const account = accountOf(user);
      const stored = await storesOf(deps).sessions.list();
      const found = stored.filter(({ value }) => account === undefined || isChosenAccount(account, value));
      const { entries, next } = pageOf(
        found.map((session) => ({ id: sessionId(session.key), session })),
        page,
      );
      const isAsleep = await deps.findAsleep(entries.map(({ session }) => session.value));
      return { sessions: entries.map(({ session }) => sessionOf(session, isAsleep(session.value))), next };
    },
    createPersonalToken: (input, context) => create(input, context, deps),
    revokeTokens: async (input, context) => {
      const revoked = await revoke(input, context, deps);
      const missing = (input.ids ?? []).filter((id) => !revoked.events.some((event) => event.id === id));
      return { ...(await revokedFields(revoked, deps)), missing };
    },
    endAccount: async (account, context) => {
      const audit = collecting(deps.audit);
      const stores = storesOf(deps);
      const kinds = endableCredentials(stores, { audit, robots: deps.robots });
      const end = await createEndAccount(kinds, accountFinder(deps))(account, endingOf(context));
      const fields = await revokedFields(audit, deps, deps.endLogins);
      return { ...fields, failed: end.failed, hint: (await nothingEndedHint(account.user, end, stores)) ?? null };
    },
    checkLeak: async ({ text }, context) => {
      const audit = collecting(deps.audit);
      const { digest } = personalTokenSecrets;
      const candidates = await tokenCandidates([text]);
      const { whole, damaged } = await revokeLeakedTokens(
        { ...storesOf(deps), digest, audit },
        candidates,
        endingOf(context),
      );
      return { ...(await revokedFields(audit, deps)), found: whole, damaged };
    },
  };
}

function storesOf({ stores }: TokenHandlerDeps): TokenStores {
  if (stores !== undefined) return stores;
  throw new ApiProblem('not-configured', {
    detail: 'the configuration offers neither refresh tokens nor personal tokens',
  });
}

function accountOf(user: string | undefined) {
  return user === undefined ? undefined : { user };
}

function endingOf({ requestId, client, caller }: ApiContext): Ending {
  return { request: { requestId, client }, by: caller.kind === 'socket' ? 'operator' : caller.username };
}

async function create(
  { lifetimeSeconds, ...order }: Input<'createPersonalToken'>,
  { requestId, client }: ApiContext,
  { issue, backends, clock }: TokenHandlerDeps,
): Promise<Answer<'createPersonalToken'>> {
  if (issue === undefined) {
    throw new ApiProblem('not-configured', {
      detail: 'the running broker offers no personal tokens: restart it with `personalTokens: {}` in its configuration',
    });
  }
  const issued = await issueForUser(
    { backends, clock, issue },
    { ...order, lifetime: lifetimeSeconds },
    { requestId, client },
  );
  if (issued.kind === 'refused') throw new ApiProblem('conflict', { detail: issued.problem });
  const { token, id, record } = issued;
  return { token: token.reveal(), personalToken: personalTokenOf({ id, ...record }) };
}

/** Throws when it is not known what was revoked. */
async function revoke(
  { ids, user, robot, service }: Input<'revokeTokens'>,
  context: ApiContext,
  deps: TokenHandlerDeps,
): Promise<Collecting> {
  const { refreshTokens, personalTokens } = storesOf(deps);
  const audit = collecting(deps.audit);
  const ending = endingOf(context);
  const account = accountOf(user);
  try {
    if (robot === undefined) {
      await revokeRefreshTokens({ store: refreshTokens, audit }, { ids, account, service }, ending);
    }
    // Personal tokens are not of one service.
    if (service === undefined) {
      await revokePersonalTokens({ store: personalTokens, audit }, { ids, account, robot }, ending);
    }
    return audit;
  } finally {
    // Also when the second kind cannot be revoked: the first one is.
    deps.onRevoked();
  }
}

async function revokedFields({ events }: Collecting, deps: TokenHandlerDeps, endLogins?: () => Promise<void>) {
  const fleet = await endReuse(deps, endLogins);
  return { count: events.length, revoked: events.slice(0, MAX_LISTED).map(shownRevoked), fleet };
}

/** No broker gives out a token again that it signed before the revocation, nor answers from its cache of logins. */
async function endReuse(
  { onRevoked, fleet }: TokenHandlerDeps,
  endLogins: (() => Promise<void>) | undefined,
): Promise<FleetReach> {
  onRevoked();
  try {
    await endLogins?.();
    await fleet?.endTokens();
  } catch (error) {
    return { complete: false, reached: [], missed: [], problem: describeError(error) };
  }
  return reachFleet(fleet);
}
