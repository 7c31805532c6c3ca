/** Makes a personal token. The token itself is returned once and never stored. */
import type { AuditEvent, RequestContext } from '../../core/events.ts';
import type { Caller, Secret } from '../../core/identity.ts';
import { parseClientRange } from '../../core/client-range.ts';
import { MAX_TOKEN_NETWORKS, personalTokenId, tokenNameProblem } from '../../core/personal-token.ts';
import type { PersonalToken, TokenOwner } from '../../core/personal-token.ts';
import { parseStoredLimits } from '../../core/token-limits.ts';
import type { ApiAccess, StoredLimit } from '../../core/token-limits.ts';
import type { PersonalTokenDeps } from './deps.ts';
import { ownerFields, ownerKey } from './owner.ts';
import type { RobotOwners } from './robot-owner.ts';

/** What the configuration says about personal tokens. Durations in seconds. */
export interface PersonalTokenSettings {
  readonly maxPerUser: number;
  /** The lifetime of a token that is made without one, where `maxLifetime` allows it. */
  readonly lifetime: number;
  readonly maxLifetime: number;
  /** Whether each token needs limits. */
  readonly requireLimits: boolean;
}

/** The operator, who has the files of the broker, or a user. */
export type TokenCreator = { readonly kind: 'operator' } | { readonly kind: 'caller'; readonly caller: Caller };

/** A token that somebody asks for. */
export interface TokenOrder {
  readonly owner: TokenOwner;
  readonly creator: TokenCreator;
  readonly name: string;
  readonly limits?: readonly StoredLimit[] | undefined;
  readonly api?: ApiAccess | undefined;
  /** Addresses and CIDRs of clients; absent: all. */
  readonly networks?: readonly string[] | undefined;
  /** Seconds; absent: the default of the configuration. */
  readonly lifetime?: number | undefined;
}

export type TokenIssue =
  | { readonly kind: 'issued'; readonly token: Secret; readonly id: string; readonly record: PersonalToken }
  /** What is wrong with the order, as a sentence. */
  | { readonly kind: 'refused'; readonly problem: string };

/**
 * When it returns a token, the token is recorded in the audit trail and stored.
 *
 * @throws BrokerError `backend_unavailable` when the owner cannot be looked up; `audit_unavailable`; `records_unavailable`
 */
export type IssuePersonalToken = (order: TokenOrder, request: RequestContext) => Promise<TokenIssue>;

interface IssueDeps extends PersonalTokenDeps {
  readonly settings: PersonalTokenSettings;
  /** The names of the configured services. */
  readonly services: readonly string[];
  /** Absent: no robots are configured. */
  readonly robots?: Pick<RobotOwners, 'creationProblem'>;
  /** Whether a session is valid, by its public id. */
  readonly hasSession: (id: string) => Promise<boolean>;
}

export function createIssuePersonalToken(deps: IssueDeps): IssuePersonalToken {
  return async (order, request) => {
    const problem = orderProblem(order, deps) ?? (await ownerProblem(order.owner, deps));
    if (problem !== undefined) return { kind: 'refused', problem };
    const token = deps.secrets.make();
    const digest = deps.secrets.digest(token);
    const id = personalTokenId(digest);
    const record = recordOf(order, deps);
    const event = {
      type: 'personal-token',
      request,
      id,
      name: record.name,
      ...ownerFields(record.owner),
      by: record.createdBy,
    } as const satisfies Partial<AuditEvent>;
    await deps.audit.commit([{ ...event, outcome: 'created' }]);
    let isStored: boolean;
    try {
      isStored = await storeWithinLimit(digest, record, deps);
      if (isStored && (await hasCreatorLeft(order, deps))) {
        await deps.store.removeAll([digest]);
        deps.audit.record({ ...event, outcome: 'withheld', cause: SESSION_OVER });
        return { kind: 'refused', problem: `${SESSION_OVER}; sign in again` };
      }
    } catch (error) {
      deps.audit.record({ ...event, outcome: 'withheld', cause: 'the token could not be stored' });
      throw error;
    }
    if (!isStored) {
      const cause = `several tokens of ${event.username} were ordered at once, too many with those that exist (personalTokens.maxPerUser); try again`;
      deps.audit.record({ ...event, outcome: 'withheld', cause });
      return { kind: 'refused', problem: cause };
    }
    return { kind: 'issued', token, id, record };
  };
}

const SESSION_OVER = 'the session ended while the token was made';

/**
 * INVARIANT: a token that is made while its account or session ends does not stay. Sessions end before tokens do, so that
 * either the session is missing here, or the token is found there.
 */
async function hasCreatorLeft({ creator }: TokenOrder, { hasSession }: IssueDeps): Promise<boolean> {
  if (creator.kind === 'operator' || creator.caller.kind === 'anonymous') return false;
  const { via } = creator.caller;
  return via?.kind === 'session' && !(await hasSession(via.id));
}

function recordOf(order: TokenOrder, { clock, settings }: IssueDeps): PersonalToken {
  const { owner, name, limits, api, networks, lifetime = defaultLifetime(settings) } = order;
  const createdAt = clock.now();
  return {
    owner,
    name,
    ...(limits === undefined ? {} : { limits }),
    ...(api === undefined ? {} : { api }),
    ...(networks === undefined ? {} : { networks }),
    createdAt,
    createdBy: creatorName(order.creator),
    expiresAt: createdAt + lifetime,
  };
}

function defaultLifetime({ lifetime, maxLifetime }: PersonalTokenSettings): number {
  return Math.min(lifetime, maxLifetime);
}

function creatorName(creator: TokenCreator): string {
  if (creator.kind === 'operator' || creator.caller.kind === 'anonymous') return 'operator';
  return creator.caller.identity.username;
}

/** The first thing that is wrong with an order by itself. */
function orderProblem(order: TokenOrder, { settings, services }: IssueDeps): string | undefined {
  const { name, limits, networks, lifetime = defaultLifetime(settings) } = order;
  return (
    creatorProblem(order) ??
    tokenNameProblem(name) ??
    limitsProblem(limits, settings.requireLimits, services) ??
    networksProblem(networks) ??
    (lifetime > 0 && lifetime <= settings.maxLifetime
      ? undefined
      : `expected a lifetime of at most ${settings.maxLifetime / DAY} days (personalTokens.maxLifetime)`)
  );
}

const DAY = 86_400;

/**
 * INVARIANT: only the operator, or a user who has signed in, makes a token, and a user only for the own account and its
 * robots. A token that could make tokens would outlive its own end and lose its limits.
 */
function creatorProblem({ creator, owner }: TokenOrder): string | undefined {
  if (creator.kind === 'operator') return undefined;
  const { caller } = creator;
  if (caller.kind === 'anonymous') return 'a token is made by a user who has signed in';
  if (caller.stale === true) return 'a token cannot be made while the backend of the account is down';
  const kind = caller.via?.kind;
  if (kind !== 'session' && kind !== undefined) return 'a token cannot make tokens; sign in instead';
  const { backend, subject } = owner.kind === 'robot' ? owner.createdBy : owner;
  const isOwn = caller.identity.backend === backend && caller.identity.subject === subject;
  return isOwn ? undefined : 'a user makes tokens for the own account and for robots that it owns';
}

function limitsProblem(
  limits: readonly StoredLimit[] | undefined,
  areRequired: boolean,
  services: readonly string[],
): string | undefined {
  if (limits === undefined) {
    return areRequired ? 'expected limits: each token needs them (personalTokens.requireLimits)' : undefined;
  }
  const parsed = parseStoredLimits(limits);
  if (typeof parsed === 'string') return parsed;
  const unknown = parsed.find(({ service }) => !services.includes(service));
  return unknown === undefined
    ? undefined
    : `the service "${unknown.service}" is not configured; expected one of ${services.join(', ')}`;
}

function networksProblem(networks: readonly string[] | undefined): string | undefined {
  if (networks === undefined) return undefined;
  if (networks.length === 0 || networks.length > MAX_TOKEN_NETWORKS)
    return `expected 1 to ${MAX_TOKEN_NETWORKS} networks, or none to allow all clients`;
  return networks.map(rangeProblem).find((problem) => problem !== undefined);
}

function rangeProblem(text: string): string | undefined {
  const range = parseClientRange(text);
  return typeof range === 'string' ? `${text}: ${range}` : undefined;
}

/** A token is made only for an owner who could use it now, and who does not have too many. */
async function ownerProblem(owner: TokenOwner, deps: IssueDeps): Promise<string | undefined> {
  const problem = owner.kind === 'robot' ? await deps.robots?.creationProblem(owner) : undefined;
  if (problem !== undefined) return `no token can be made for ${ownerFields(owner).username}: ${problem}`;
  const { refusal } = await deps.identityOf(owner);
  if (refusal !== undefined) return `no token can be made for ${ownerFields(owner).username}: ${refusal}`;
  const { maxPerUser } = deps.settings;
  const count = await countOf(owner, deps);
  if (count < maxPerUser) return undefined;
  return `${ownerFields(owner).username} has ${count} tokens, and may have ${maxPerUser} (personalTokens.maxPerUser); revoke one first`;
}

/**
 * Stores a record, and takes it back when the owner has too many with it: orders at the same time, also at other brokers,
 * have not counted each other.
 *
 * @returns whether it is stored
 */
async function storeWithinLimit(digest: string, record: PersonalToken, deps: IssueDeps): Promise<boolean> {
  await deps.store.put(digest, record, record.expiresAt - record.createdAt);
  if ((await countOf(record.owner, deps)) <= deps.settings.maxPerUser) return true;
  await deps.store.remove(digest);
  return false;
}

async function countOf(owner: TokenOwner, { store }: IssueDeps): Promise<number> {
  const key = ownerKey(owner);
  return (await store.list()).filter(({ value }) => ownerKey(value.owner) === key).length;
}
