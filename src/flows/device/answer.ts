/** Finds the request whose code a person has typed, and records the answer of the person. */
import { identifiesClient, networksOf } from '../../core/client-network.ts';
import { DEVICE_SECONDS, MAX_WRONG_CODES, parseUserCode } from '../../core/device-request.ts';
import type { CodeGuesses, DeviceRequest } from '../../core/device-request.ts';
import { BrokerError } from '../../core/errors.ts';
import type { RequestContext } from '../../core/events.ts';
import { accountOf, helperEvent } from '../approval.ts';
import type { SignedIn } from '../session/find.ts';
import { requestKey } from './deps.ts';
import type { DeviceDeps } from './deps.ts';
import { createOneAtATime } from './one-at-a-time.ts';

/** A request that waits for an answer. */
export interface PendingRequest {
  readonly userCode: string;
  readonly record: DeviceRequest;
  /** Whether it comes from the network of the browser, as far as that is known. */
  readonly isSameNetwork: boolean;
}

export interface AnswerDevice {
  /**
   * @param typed the code, as the person has typed it
   * @returns undefined when no request with this code waits
   * @throws BrokerError `too_many_wrong_codes` or `records_unavailable`
   */
  find(typed: string, person: SignedIn, request: RequestContext): Promise<PendingRequest | undefined>;
  /**
   * @returns whether the request was still waiting
   * @throws BrokerError `helper_refused`, `records_unavailable` or `audit_unavailable`
   */
  answer(
    pending: PendingRequest,
    answer: 'approved' | 'denied',
    person: SignedIn,
    request: RequestContext,
  ): Promise<boolean>;
}

export function createAnswerDevice(deps: DeviceDeps): AnswerDevice {
  const oneAtATime = createOneAtATime();
  return {
    find: (typed, person, request) => {
      const keys = guessKeys(person, request.client);
      return oneAtATime(keys, async () => {
        await requireGuess(deps, keys);
        const userCode = parseUserCode(typed);
        const record = userCode === undefined ? undefined : await pendingRecord(deps, userCode);
        if (userCode === undefined || record === undefined) {
          for (const key of keys) await countWrong(deps, key);
          return undefined;
        }
        return { userCode, record, isSameNetwork: isSameNetwork(record.client, request.client) };
      });
    },
    answer: async ({ userCode, record }, answer, person, request) => {
      // Everybody may say no.
      const account = answer === 'approved' ? accountOf(deps, person) : undefined;
      const { service, client: asker } = record;
      const { username, backend } = person.session;
      const about = { method: 'device', service, username, backend, asker } as const;
      await deps.audit.commit([helperEvent(request, { ...about, outcome: answer })]);
      const answered = { ...record, state: answer, ...(account === undefined ? {} : { account }) };
      const rest = record.expiresAt - deps.clock.now();
      if (rest <= 0) return false;
      return (await replacePending(deps, userCode, record, answered, rest)) === 'replaced';
    },
  };
}

/** The program polls meanwhile, which changes the record. */
async function replacePending(
  deps: DeviceDeps,
  userCode: string,
  seen: DeviceRequest,
  answered: DeviceRequest,
  seconds: number,
): Promise<'replaced' | 'gone'> {
  const key = requestKey(deps, userCode);
  let current: DeviceRequest | undefined = seen;
  while (current?.state === 'pending' && current.secretDigest === seen.secretDigest) {
    const { interval, polledAt } = current;
    const answer = await deps.requests.replaceIf(key, current, { ...answered, interval, polledAt }, seconds);
    if (answer === 'replaced') return 'replaced';
    current = await deps.requests.get(key);
  }
  return 'gone';
}

async function pendingRecord(deps: DeviceDeps, userCode: string): Promise<DeviceRequest | undefined> {
  const record = await deps.requests.get(requestKey(deps, userCode));
  return record?.state === 'pending' && record.expiresAt > deps.clock.now() ? record : undefined;
}

/**
 * INVARIANT: five wrong codes of a session, and of a network, are all that can be tried. With a thousand open requests,
 * they hit one with a chance of 2·10⁻⁷.
 */
function guessKeys({ id }: SignedIn, client: string): readonly string[] {
  const [{ name }] = networksOf(client);
  return [`session ${id}`, ...(identifiesClient(client) ? [`network ${name}`] : [])];
}

async function requireGuess({ guesses }: DeviceDeps, keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    const { wrong } = (await guesses.get(key)) ?? NONE;
    if (wrong >= MAX_WRONG_CODES) throw new BrokerError('too_many_wrong_codes', `${wrong} wrong codes of ${key}`);
  }
}

const NONE: CodeGuesses = { wrong: 0 };

async function countWrong({ guesses }: DeviceDeps, key: string): Promise<void> {
  for (;;) {
    const seen = await guesses.get(key);
    if (seen === undefined) return guesses.put(key, { wrong: 1 }, DEVICE_SECONDS);
    const answer = await guesses.replaceIf(key, seen, { wrong: seen.wrong + 1 }, DEVICE_SECONDS);
    if (answer === 'replaced') return undefined;
  }
}

function isSameNetwork(one: string, other: string): boolean {
  const names = new Set(networksOf(one).map(({ name }) => name));
  return networksOf(other).some(({ name }) => names.has(name));
}
