/**
 * The ledger of a broker in a fleet: the one in the store, and one in the memory of this process for the time when the
 * store is down. An outage of the store is never an answer: logins go to the backend then.
 */
import { BrokerError } from '../../core/errors.ts';
import type {
  Attempt,
  Budget,
  Ended,
  Flight,
  Ledger,
  Recalled,
  RecallQuestion,
  Reservation,
  Reserved,
  Settlement,
} from '../../core/ledger.ts';
import { UNSETTLED_SECONDS } from '../../core/ledger.ts';
import type { Clock } from '../../core/ports.ts';
import type { MemoryLedger } from '../ledger/memory.ts';
import { expiringMap } from '../store/expiring-map.ts';
import { createAnswerCache } from './answer-cache.ts';
import type { Breaker } from './breaker.ts';
import type { EpochView } from './epoch-view.ts';
import type { LedFlight, RemoteRecall, ValkeyLedger } from './ledger.ts';
import { createOwedEnds } from './owed-ends.ts';
import { createOwedSettlements } from './owed-settlements.ts';
import type { createShares } from './shares.ts';
import { StoreDown } from './store-down.ts';
import { UNLIMITED } from './store-time.ts';
import type { StoreTime } from './store-time.ts';

interface SharedLedgerOptions {
  readonly remote: ValkeyLedger;
  readonly local: MemoryLedger;
  readonly epochs: Pick<EpochView, 'current' | 'end'>;
  readonly breaker: Pick<Breaker, 'isUp' | 'run'>;
  readonly shares: ReturnType<typeof createShares>;
  readonly whenDown: 'local' | 'refuse';
  /** How many brokers share a limit, including this one; see `Fleet.sharing`. */
  readonly brokers: () => number;
  /** Waits until a login is settled by another broker, or for some time. */
  readonly settledElsewhere: (login: string) => Promise<void>;
  /** The time of a new login. */
  readonly storeTime: () => StoreTime;
  readonly clock: Clock;
}

/** Seconds after which a client may try again while the store is down. */
const RETRY_AFTER = 5;
/** The store does not say for how long a wrong password is known. */
const KNOWN_SECONDS = 60;
const MAX_LEADING = 50_000;
/** Most logins are over by then. */
const RENEWED_AFTER_MS = 500;
/** A script must not keep the store busy for long. */
const RENEWED_AT_ONCE = 200;

export interface SharedLedger extends Ledger {
  /** Keeps the flights of logins that take long, so that no other broker asks as well. @throws what the store throws */
  renewFlights(): Promise<void>;
  /**
   * Gives the store what it has missed. It does not ask the breaker. Calls at the same time share one run.
   *
   * @throws what the store throws
   */
  catchUp(): Promise<void>;
  /** Whether something ended that the store does not know. */
  owesEnds(): boolean;
}

export function sharedLedger(options: SharedLedgerOptions): SharedLedger {
  const { remote, local, epochs, breaker, shares, whenDown, brokers, settledElsewhere, storeTime, clock } = options;
  const cache = createAnswerCache(clock, epochs.current);
  /** The epoch of the memory when a flight of the store began. */
  const localEpochs = new WeakMap<Flight, number>();
  /** Attempts that were counted in memory, with their budgets in the store. */
  const localAttempts = new WeakMap<Attempt, ReadonlyMap<Budget, Budget>>();
  /** Logins that this broker asks a backend about. */
  const leading = expiringMap<LedFlight & { readonly since: number }>({ clock, maxEntries: MAX_LEADING });

  const owed = createOwedSettlements(clock);
  const owedEnds = createOwedEnds();
  let catchingUp: Promise<void> | undefined;

  /**
   * @param onLost called when the store was asked and did not answer, so that it may have done the work
   * @returns undefined when the store is down, or the time of the login is used up
   */
  async function ifUp<T>(time: StoreTime, work: () => Promise<T>, onLost?: () => void): Promise<T | undefined> {
    if (!breaker.isUp() || time.isUsedUp()) return undefined;
    try {
      return await time.within(breaker.run(work));
    } catch (error) {
      if (!(error instanceof StoreDown)) throw error;
      onLost?.();
      return undefined;
    }
  }

  async function recall(question: RecallQuestion, time: StoreTime): Promise<Recalled> {
    // The store may still have an answer that has ended.
    if (!owedEnds.isEmpty()) return local.recall(question);
    const cached = cache.get(question.login);
    if (cached !== undefined) return cached;
    const found = await recallRemote(question, time);
    if (found?.recalled.kind !== 'wait' || leading.get(question.login) !== undefined) {
      return found === undefined ? local.recall(question) : found.recalled;
    }
    await settledElsewhere(question.login);
    return (await recallRemote(question, time))?.recalled ?? local.recall(question);
  }

  async function recallRemote(question: RecallQuestion, time: StoreTime): Promise<RemoteRecall | undefined> {
    const epoch = local.epoch();
    const sharedEpoch = epochs.current();
    const found = await ifUp(
      time,
      () => remote.recall(question),
      () => owed.addRelease({ flight: { ...question, epoch: 0 } }),
    );
    if (found === undefined) return undefined;
    const { recalled, answer } = found;
    // The login waits for the other login, and asks again and again.
    if (recalled.kind === 'wait') time.refund();
    if (recalled.kind === 'lead') {
      localEpochs.set(recalled.flight, epoch);
      leading.set(question.login, { ...question, since: clock.monotonic() }, UNSETTLED_SECONDS);
    }
    if (answer !== undefined) await local.settle({ outcome: 'none', flight: { ...question, epoch }, answer });
    if (recalled.kind === 'success' && !recalled.isContested && answer?.kind === 'success') {
      const { account, freshSeconds } = answer;
      cache.set(question.login, { recalled, account, epoch: sharedEpoch }, freshSeconds);
    }
    return found;
  }

  async function reserve(reservation: Reservation, time: StoreTime): Promise<Reserved> {
    const found = await ifUp(
      time,
      () => remote.reserve(reservation),
      () => owed.addRelease({ attempt: attemptOf(reservation) }),
    );
    if (found !== undefined) {
      // The login waits for other attempts, and asks again and again.
      if (found.reserved.kind === 'busy') time.refund();
      shares.note(found.counts);
      if (found.reserved.kind === 'known') await noteKnown(reservation);
      return found.reserved;
    }
    if (whenDown === 'refuse' && reservation.budgets.length > 0) {
      const message = 'the shared store is down or slow, and `shared.whenDown` is `refuse`';
      throw new BrokerError('backend_unavailable', message, { retryAfter: RETRY_AFTER });
    }
    const budgets = new Map(reservation.budgets.map((budget) => [shares.of(budget, brokers()), budget]));
    const reserved = await local.reserve({ ...reservation, budgets: [...budgets.keys()] });
    if (reserved.kind === 'go') localAttempts.set(reserved.attempt, budgets);
    return reserved;
  }

  /** A wrong password that another broker has found out, as a client sends it again and again. */
  async function noteKnown(reservation: Reservation): Promise<void> {
    const attempt = { ...attemptOf(reservation), epoch: local.epoch() };
    await local.settle({ outcome: 'wrong', attempt, knownSeconds: KNOWN_SECONDS });
  }

  async function settle(settlement: Settlement, time: StoreTime): Promise<void> {
    const { attempt, flight } = settlement;
    const account = accountOf(settlement);
    if (account !== undefined) cache.deleteAccount(account);
    if (flight !== undefined) leading.delete(flight.login);
    const budgets = attempt === undefined ? undefined : localAttempts.get(attempt);
    if (attempt !== undefined && budgets !== undefined) noteLocal(attempt, budgets, settlement.outcome);
    else if (settlement.outcome === 'success') attempt?.places.forEach(({ budget }) => shares.forget(budget));
    const epoch = flight === undefined ? undefined : localEpochs.get(flight);
    await local.settle({
      ...settlement,
      // Memory does not count an attempt of the store, and notes a wrong password for the time when the store is down.
      attempt: attempt === undefined || budgets !== undefined ? attempt : { ...attempt, epoch: local.epoch() },
      ...(flight === undefined || epoch === undefined ? {} : { flight: { ...flight, epoch } }),
    });
    const own = ownOfStore(settlement, { isAttempt: budgets === undefined, isFlight: epoch !== undefined });
    if (own !== undefined) await settleRemote(own, attempt?.backend ?? flight?.backend, time);
  }

  /** It reaches the store also when the time of the login is used up, and the login does not wait for it. */
  async function settleRemote(settlement: Settlement, backend: string | undefined, time: StoreTime): Promise<void> {
    const work = async (): Promise<void> => {
      const settled = await ifUp(UNLIMITED, async () => {
        await remote.settle(settlement);
        return true;
      });
      if (settled !== undefined) return;
      owed.add(settlement);
      const account = accountOf(settlement);
      if (account !== undefined) owedEnds.addLogins(account, backend);
    };
    try {
      await time.within(work());
    } catch (error) {
      if (!(error instanceof StoreDown)) throw error;
    }
  }

  function noteLocal({ backend, places }: Attempt, budgets: ReadonlyMap<Budget, Budget>, outcome: string): void {
    for (const place of places) {
      const budget = budgets.get(place.budget);
      if (budget === undefined) continue;
      if (outcome === 'wrong') shares.owe(budget, backend, 1);
      if (outcome === 'success') shares.clear(budget);
    }
    if (breaker.isUp()) void ifUp(UNLIMITED, () => shares.pay(remote.addWrong));
  }

  async function payAll(): Promise<void> {
    await owedEnds.pay({
      end: epochs.end,
      endLogins: (account) => remote.settle({ outcome: 'none', endsLoginsOf: account }),
    });
    await owed.pay(remote.settle);
    await shares.pay(remote.addWrong);
  }

  const within = (time: StoreTime): Ledger => ({
    isShared: true,
    recall: (question) => recall(question, time),
    reserve: (reservation) => reserve(reservation, time),
    settle: (settlement) => settle(settlement, time),
    end: async (ended: Ended) => {
      await local.end(ended);
      const epoch = await ifUp(UNLIMITED, () => epochs.end(ended));
      if (epoch === undefined) owedEnds.add(ended);
    },
  });

  return {
    ...within(UNLIMITED),
    renewFlights: async () => {
      const since = clock.monotonic() - RENEWED_AFTER_MS;
      const long = leading.list().flatMap(({ value }) => (value.since <= since ? [value] : []));
      for (let at = 0; at < long.length; at += RENEWED_AT_ONCE) {
        await remote.renew(long.slice(at, at + RENEWED_AT_ONCE).map(({ login, id }) => ({ login, id })));
      }
    },
    forLogin: () => within(storeTime()),
    catchUp: () => {
      catchingUp ??= payAll().finally(() => {
        catchingUp = undefined;
      });
      return catchingUp;
    },
    owesEnds: () => !owedEnds.isEmpty(),
  };
}

/** @returns what the store is to record of it, if anything; the rest belongs to the memory of this process */
function ownOfStore(
  { attempt, flight, answer, ...rest }: Settlement,
  { isAttempt, isFlight }: { readonly isAttempt: boolean; readonly isFlight: boolean },
): Settlement | undefined {
  const isStored = isFlight && answer?.kind === 'success';
  const own: Settlement = {
    ...rest,
    // A success ends the earlier logins of its account, also where it is not stored.
    endsLoginsOf: isStored ? rest.endsLoginsOf : accountOf({ ...rest, answer }),
    ...(isAttempt && attempt !== undefined ? { attempt } : {}),
    ...(isFlight && flight !== undefined ? { flight, answer } : {}),
  };
  const isEmpty =
    own.attempt === undefined &&
    own.flight === undefined &&
    own.trust === undefined &&
    own.hold === undefined &&
    own.endsLoginsOf === undefined;
  return isEmpty ? undefined : own;
}

/** Whose earlier logins end. */
function accountOf({ answer, endsLoginsOf }: Settlement): string | undefined {
  return answer?.kind === 'success' ? answer.account : endsLoginsOf;
}

/** As far as it is needed to release an attempt that the store may have counted. */
function attemptOf({ id, backend, password, budgets }: Reservation): Attempt {
  return { id, backend, password, epoch: 0, places: budgets.map((budget) => ({ budget, sequence: 0, sequences: [] })) };
}
