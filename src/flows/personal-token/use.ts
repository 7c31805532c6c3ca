/**
 * From a personal token to a caller. Each time, the owner is looked up again: a disabled or deleted account is refused,
 * and the groups are the current ones. While the backend of the owner or the store of the tokens is down the answer is
 * 503, and the token stays valid.
 */
import { BrokerError, describeError } from '../../core/errors.ts';
import type { RequestContext } from '../../core/events.ts';
import type { Caller, Credential, Identity } from '../../core/identity.ts';
import { endOfPersonalToken, isInNetworks, isPersonalToken, personalTokenId } from '../../core/personal-token.ts';
import type { PersonalToken } from '../../core/personal-token.ts';
import { limitsOf } from '../../core/token-limits.ts';
import { createRecordUse } from '../record-use.ts';
import type { CountBadToken } from './bad-tokens.ts';
import type { PersonalTokenDeps } from './deps.ts';
import { ownerFields } from './owner.ts';

type User = Extract<Caller, { kind: 'user' }>;

/**
 * @param credential its password begins as a personal token does; the user name next to it is not used
 * @throws BrokerError `damaged_token` when it is not whole; `personal_token_refused` for every other refusal;
 *   `too_many_bad_tokens`; `backend_unavailable`; `records_unavailable`
 */
export type UsePersonalToken = (credential: Credential, request: RequestContext) => Promise<User>;

/**
 * A reason to refuse, for the log. The client reads the same sentence for all of them, but for a damaged token and for one
 * whose owner only has to sign in again.
 */
class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: 'damaged_token' | 'personal_token_refused' | 'sign_in_due';

  constructor(message: string, code: Refusal['code'] = 'personal_token_refused') {
    super(message);
    this.code = code;
  }
}

interface UseDeps extends PersonalTokenDeps {
  /** Seconds; see `endOfPersonalToken`. */
  readonly maxLifetime: number;
  readonly countBadToken: CountBadToken;
}

export function createUsePersonalToken(deps: UseDeps): UsePersonalToken {
  const recordUse = createRecordUse(deps);

  async function find(digest: string | undefined, client: string): Promise<PersonalToken> {
    if (digest === undefined)
      throw new Refusal('it is not a whole token: its form or its checksum is wrong', 'damaged_token');
    const record = await deps.store.get(digest);
    if (record === undefined) throw new Refusal('never issued, expired, or revoked');
    if (endOfPersonalToken(record, deps.maxLifetime) <= deps.clock.now()) throw new Refusal('expired');
    if (!isInNetworks(record.networks, client)) throw new Refusal('it may not be used from this address');
    return record;
  }

  async function identityOf({ owner }: PersonalToken): Promise<Identity> {
    const { identity, refusal, isAsleep } = await deps.identityOf(owner);
    if (identity === undefined)
      throw new Refusal(refusal, isAsleep === true ? 'sign_in_due' : 'personal_token_refused');
    return identity;
  }

  async function refuse(refusal: Refusal, { client }: RequestContext): Promise<BrokerError> {
    // Nobody has guessed it: the token is valid again after the next sign-in of its owner.
    if (refusal.code === 'sign_in_due') return new BrokerError(refusal.code, refusal.message);
    const retryAfter = await deps.countBadToken(client);
    if (retryAfter !== undefined) return new BrokerError('too_many_bad_tokens', refusal.message, { retryAfter });
    return new BrokerError(refusal.code, refusal.message);
  }

  return async ({ username: typed, password: token }, request) => {
    const digest = token.matches(isPersonalToken) ? deps.secrets.digest(token) : undefined;
    const about = digest === undefined ? {} : { id: personalTokenId(digest) };
    let record: PersonalToken | undefined;
    const event = () => ({ type: 'personal-token', request, ...about, ...recordFields(record) }) as const;
    try {
      record = await find(digest, request.client);
      const identity = await identityOf(record);
      const use = await recordUse({ digest: digest ?? '', seen: record, used: usedBy(record, identity, request) });
      if (use.kind === 'revoked') throw new Refusal('just revoked');
      const problem = use.kind === 'unrecorded' ? { cause: `its use is not recorded: ${use.cause}` } : {};
      deps.audit.record({ ...event(), outcome: 'used', ...otherName(typed, record, identity), ...problem });
      const expiresAt = endOfPersonalToken(record, deps.maxLifetime);
      return { kind: 'user', identity, via: { ...viaOf(about.id ?? '', record), expiresAt } };
    } catch (error) {
      const isRefused = error instanceof Refusal;
      const cause = isRefused ? error.message : describeError(error);
      deps.audit.record({ ...event(), outcome: isRefused ? 'refused' : 'failed', cause });
      if (isRefused) throw await refuse(error, request);
      if (error instanceof BrokerError) throw error;
      // A defect of a backend must not look like the end of the token.
      throw new BrokerError('backend_unavailable', 'the backend cannot check the account', { cause: error });
    }
  };
}

function recordFields(record: PersonalToken | undefined) {
  return record === undefined ? {} : { name: record.name, ...ownerFields(record.owner) };
}

/** The credential of a caller, by the record of its token. */
export function viaOf(id: string, record: PersonalToken): NonNullable<User['via']> {
  const limits = limitsOf(record.limits);
  return {
    kind: 'personal-token',
    id,
    name: record.name,
    ...(record.owner.kind === 'robot' ? { createdBy: record.owner.createdBy.username } : {}),
    ...(limits === undefined ? {} : { limits }),
    ...(record.api === undefined ? {} : { api: record.api }),
    expiresAt: record.expiresAt,
  };
}

/** The record after a use. The name of the user may have changed. */
function usedBy(record: PersonalToken, { username }: Identity, { client }: RequestContext) {
  const owner = record.owner.kind === 'account' ? { ...record.owner, username } : record.owner;
  return (usedAt: number) => ({
    value: { ...record, owner, usedAt, usedFrom: client },
    expiresAt: record.expiresAt,
  });
}

/** The user name that was typed next to the token, where it is not that of the owner. */
function otherName(typed: string, { owner }: PersonalToken, { username }: Identity) {
  const isOwn = typed === '' || typed === username || (owner.kind === 'account' && typed === owner.login);
  return isOwn ? {} : { typed };
}
