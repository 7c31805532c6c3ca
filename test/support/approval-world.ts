/** Brokers that share their records of codes, over one account, and people who are signed in. */
import type { AuthorizationCode } from '../../src/core/authorization-code.ts';
import type { CodeGuesses, DeviceRequest } from '../../src/core/device-request.ts';
import { encodeIdentity } from '../../src/core/identity-record.ts';
import type { Authenticator, AuthnOutcome, ListableStore } from '../../src/core/ports.ts';
import { createApproveCode } from '../../src/flows/authorization-code/approve.ts';
import { createRedeemCode } from '../../src/flows/authorization-code/redeem.ts';
import { countRequests } from '../../src/flows/device/counted-requests.ts';
import { createAnswerDevice } from '../../src/flows/device/answer.ts';
import { createPollDevice } from '../../src/flows/device/poll.ts';
import { createRequestDevice } from '../../src/flows/device/request.ts';
import type { SignedIn } from '../../src/flows/session/find.ts';
import { codeSecrets } from '../../src/platform/code-secrets.ts';
import { memoryStore } from '../../src/platform/store/memory.ts';
import { fixedClock, noWaiting, recordingAudit } from './fakes.ts';
import { again, alice } from './refresh-token-world.ts';

export interface AccountWorld {
  /** The answer of the backend when it checks the account. */
  outcome?: AuthnOutcome;
  /** Whether the backend can check an account without its password. */
  readonly revalidates?: boolean;
}

export function openApprovals(world: AccountWorld = {}) {
  const clock = fixedClock();
  const audit = recordingAudit();
  const codes: ListableStore<AuthorizationCode> = memoryStore<AuthorizationCode>({ maxEntries: 10_000, clock });
  const requests = countCalls(memoryStore<DeviceRequest>({ maxEntries: 10_000, clock }));
  const guesses = memoryStore<CodeGuesses>({ maxEntries: 10_000, clock });
  const authenticator: Authenticator = {
    name: 'corp',
    type: 'fake',
    authenticate: async () => ({ kind: 'unknown-user' }),
    ...(world.revalidates === false ? {} : { revalidate: async () => world.outcome ?? again() }),
    probe: async () => ({ state: 'up' }),
    [Symbol.asyncDispose]: async () => undefined,
  };
  const chain = { backends: [{ authenticator, usernames: undefined }], clock, timer: noWaiting, audit };
  const deps = { ...chain, secrets: codeSecrets, codes, guesses };
  /** The flows of one of the brokers. */
  const broker = () => {
    const deviceDeps = { ...deps, requests: countRequests(requests, clock) };
    return {
      approve: createApproveCode(deps),
      redeem: createRedeemCode(deps),
      request: createRequestDevice(deviceDeps),
      device: createAnswerDevice(deviceDeps),
      poll: createPollDevice(deviceDeps),
    };
  };
  return { ...broker(), other: broker(), clock, audit, codes, requests };
}

/** A store that counts how often it is asked, and how many entries it has listed. */
function countCalls<Value>(store: ListableStore<Value>) {
  const calls = { one: 0, listed: 0 };
  const counted: ListableStore<Value> = {
    ...store,
    get: (key) => ((calls.one += 1), store.get(key)),
    put: (key, value, seconds) => ((calls.one += 1), store.put(key, value, seconds)),
    replaceIf: (key, seen, value, seconds) => ((calls.one += 1), store.replaceIf(key, seen, value, seconds)),
    list: async () => {
      const entries = await store.list();
      calls.listed += entries.length;
      return entries;
    },
  };
  return { ...counted, calls };
}

/** Alice, in a session of hers. */
export function signedIn(id = 'session-1'): SignedIn {
  const times = { createdAt: 1_700_000_000, usedAt: 1_700_000_000, expiresAt: 1_700_040_000 };
  return {
    id,
    session: {
      backend: 'corp',
      subject: 'id 1',
      login: 'Alice',
      username: 'alice',
      identity: encodeIdentity(alice()),
      signedInAt: { backend: 'corp' },
      client: '192.0.2.1',
      program: 'Firefox',
      ...times,
    },
    caller: { kind: 'user', identity: alice(), via: { kind: 'session', id } },
    isAdmin: false,
  };
}

export const from = (client: string) => ({ requestId: 'id-1', client });

/** The code of the error that some work ends with; `none` when it succeeds. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'none',
    (error: unknown) => String((error as { readonly code?: string }).code),
  );
}
