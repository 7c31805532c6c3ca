/**
 * Reuses a token that was signed a moment ago. Many machines that pull one image, and the many requests of one pull,
 * then share one signature.
 *
 * Only the signature is saved: each request is authenticated, decided and recorded. A token is reused for the same
 * login, credential, service, grants, lifetime and policy. A login is the same only while its answer is cached: after a flush or a
 * new look-up of the account it is another one.
 */
import { identityOf } from '../core/identity.ts';
import type { Grant } from '../core/access.ts';
import type { Caller, Identity, Via } from '../core/identity.ts';

interface SignedToken {
  readonly token: string;
  readonly tokenId: string;
  /** Epoch seconds. */
  readonly signedAt: number;
  /** Seconds for which clients may use it, from `signedAt`. */
  readonly lifetime: number;
}

/** What must be the same for a token to be reused. */
interface TokenFacts {
  readonly caller: Caller;
  readonly service: string;
  readonly policyRevision: string;
  readonly grants: readonly Grant[];
  /** Seconds for which a client may use a token that is signed now. */
  readonly lifetime: number;
}

export interface TokenReuse {
  /**
   * The token of an earlier request for these facts, or a new one.
   *
   * @param now epoch seconds
   * @param sign signs a new token; its error is the error of every request that waits for it
   */
  tokenFor(facts: TokenFacts, now: number, sign: () => Promise<SignedToken>): Promise<ReusableToken>;
  /** After this, no token is returned that was signed before. For a new signing key, a flush and a revocation. */
  clear(): void;
}

interface ReusableToken {
  readonly signed: SignedToken;
  readonly isReused: boolean;
}

interface Entry {
  /** The login that it was signed for; undefined: anonymous. */
  readonly login: Identity | undefined;
  readonly signedAt: number;
  readonly signed: Promise<SignedToken>;
}

/** A token has one or two kilobytes. */
const MAX_TOKENS = 1024;
/**
 * Characters of a key. A client chooses its scopes, up to 64 KiB of them, and the token repeats what is granted: without
 * this limit, the tokens of one client could take some hundred megabytes. A request for one image has some 200.
 */
const MAX_KEY = 2048;

/** @param seconds the age up to which a token is reused; 0: never */
export function createTokenReuse(seconds: number): TokenReuse {
  /** In the order of `signedAt`, because a token that is too old is deleted before a new one takes its place. */
  const entries = new Map<string, Entry>();

  function deleteOld(now: number): void {
    for (const [key, { signedAt }] of entries) {
      if (isYoung(signedAt, now) && entries.size < MAX_TOKENS) return;
      entries.delete(key);
    }
  }

  /** A clock that was set back makes a token seem to be of the future. */
  const isYoung = (signedAt: number, now: number): boolean => signedAt <= now && now < signedAt + seconds;

  return {
    tokenFor: async (facts, now, sign) => {
      const login = identityOf(facts.caller);
      const key = seconds === 0 || isMadeWithToken(login) ? undefined : keyOf(facts);
      if (key === undefined || key.length > MAX_KEY) return { signed: await sign(), isReused: false };
      const known = entries.get(key);
      if (known !== undefined && known.login === login && isYoung(known.signedAt, now)) {
        return { signed: await known.signed, isReused: true };
      }
      entries.delete(key);
      deleteOld(now);
      const entry: Entry = { login, signedAt: now, signed: sign() };
      entries.set(key, entry);
      try {
        return { signed: await entry.signed, isReused: false };
      } catch (error) {
        if (entries.get(key) === entry) entries.delete(key);
        throw error;
      }
    },
    clear: () => entries.clear(),
  };
}

/** A login with the token of a CI system or a pod is verified each time, and so is another login each time. */
function isMadeWithToken(login: Identity | undefined): boolean {
  return login?.notAfter !== undefined;
}

/**
 * Another login of the same user with the same credential has the same key, and replaces its token.
 *
 * INVARIANT: a token that was signed for one credential is never returned for another one, which may have other limits or
 * another end.
 */
function keyOf({ caller, service, policyRevision, grants, lifetime }: TokenFacts): string {
  return JSON.stringify([
    caller.kind === 'anonymous' ? [] : [caller.identity.backend, caller.identity.username, ...viaKey(caller.via)],
    service,
    policyRevision,
    lifetime,
    ...grants.map(({ asked: { type, name }, granted }) => [type, name, ...granted]),
  ]);
}

function viaKey(via: Via | undefined): readonly unknown[] {
  if (via === undefined) return [];
  const limits = via.limits?.map((limit) => [limit.service, limit.repositories.map(({ text }) => text), limit.actions]);
  return [via.kind, via.id, via.expiresAt, limits];
}
