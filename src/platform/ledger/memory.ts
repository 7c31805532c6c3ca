/** The ledger in the memory of this process. JavaScript runs each method without interruption, so each is atomic. */
import type {
  Attempt,
  Budget,
  BudgetKind,
  CachedAnswer,
  Ended,
  Flight,
  Ledger,
  Recalled,
  RecallQuestion,
  Reservation,
  Reserved,
  Settlement,
  TrustKeys,
} from '../../core/ledger.ts';
import { ENDED_SECONDS, UNSETTLED_SECONDS } from '../../core/ledger.ts';
import type { AuthnOutcome, Clock } from '../../core/ports.ts';
import { compactMap } from './compact-map.ts';
import { createLoginCache } from './login-cache.ts';
import {
  addWrong,
  beginAttempt,
  clearBefore,
  countOf,
  endAttempt,
  newTally,
  refresh,
  underWay,
  wrongOf,
} from './tally.ts';
import type { Tally } from './tally.ts';

interface MemoryLedgerOptions {
  readonly clock: Clock;
  /** The size of each of its parts. They are separate, so that a flood of one kind cannot evict another kind. */
  readonly maxEntries: number;
}

export interface MemoryLedger extends Ledger {
  /** The epoch of a flight that begins now. */
  epoch(): number;
  /** The number of entries of each kind, for a metric. */
  sizes(): Readonly<Record<'right' | 'wrong' | 'counted' | 'trusted', number>>;
}

interface Refusal {
  readonly outcome: AuthnOutcome;
  readonly epoch: number;
}

export function memoryLedger({ clock, maxEntries }: MemoryLedgerOptions): MemoryLedger {
  const bounded = { clock, maxEntries };
  const successes = createLoginCache(bounded);
  const refusals = compactMap<Refusal>(bounded);
  const flights = compactMap<Flight>(bounded);
  const holds = compactMap<number>(bounded);
  const trusted = compactMap<true>(bounded);
  const tallies = perKind(() => compactMap<Tally>({ ...bounded, worth: countOf }));
  const knownPasswords = perKind(() => compactMap<number>(bounded));
  const epochs = createEpochs(clock);

  function tallyOf(budget: Budget, backend: string | undefined): Tally {
    const epoch = epochs.ofCounts(backend);
    const tally = tallies[budget.kind].get(budget.key) ?? newTally(budget, epoch);
    refresh(tally, clock.monotonic(), epoch);
    return tally;
  }

  function store(budget: Budget, tally: Tally): void {
    if (countOf(tally) === 0) tallies[budget.kind].delete(budget.key);
    else tallies[budget.kind].set(budget.key, tally, budget.window + UNSETTLED_SECONDS);
  }

  function recall({ backend, login, id }: RecallQuestion): Recalled {
    const epoch = epochs.ofAnswers(backend);
    const success = successes.get(login);
    const isValid = success !== undefined && success.epoch >= epoch;
    if (isValid && success.isFresh) {
      return { kind: 'success', identity: success.identity, isContested: isFullName(success.name) };
    }
    const refusal = refusals.get(login);
    if (refusal !== undefined && refusal.epoch >= epoch) return { kind: 'refused', outcome: refusal.outcome };
    // A login from before a flush or reload may still have the old answer.
    if ((flights.get(login)?.epoch ?? -1) >= epoch) return { kind: 'wait' };
    const flight: Flight = { backend, login, id, epoch: epochs.current() };
    flights.set(login, flight, UNSETTLED_SECONDS);
    return { kind: 'lead', flight, stale: isValid ? success.identity : undefined };
  }

  function isFullName(key: string): boolean {
    const tally = tallies.name.get(key);
    if (tally === undefined) return false;
    refresh(tally, clock.monotonic(), epochs.ofCounts(undefined));
    return countOf(tally) >= tally.limit;
  }

  function reserve({ id, backend, password, budgets, trust, account }: Reservation): Reserved {
    const epoch = epochOf(backend);
    const unknown = budgets.filter((budget) => !isKnown(budget.kind, budget.guess ?? password, epoch));
    if (budgets.length === 0 ? isKnown('account', password, epoch) : unknown.length === 0) return { kind: 'known' };
    if (account !== undefined && (holds.get(account) ?? -1) >= epoch) return { kind: 'on-hold' };
    const places = unknown.map((budget) => ({ budget, tally: tallyOf(budget, backend) }));
    const refusal = refusalOf(places, trust);
    if (refusal !== undefined) return refusal;
    for (const { budget, tally } of places) {
      beginAttempt(tally, id, clock.monotonic());
      store(budget, tally);
    }
    const attempt: Attempt = {
      id,
      backend,
      password,
      epoch: epochs.current(),
      places: places.map(({ budget, tally }) => ({ budget, sequence: tally.wrong })),
    };
    const most = (count: (tally: Tally) => number): number => Math.max(1, ...places.map(({ tally }) => count(tally)));
    return { kind: 'go', attempt, inFlight: most(underWay), counted: most(countOf) };
  }

  /** Known passwords and holds that are older do not count any more. */
  function epochOf(backend: string | undefined): number {
    return backend === undefined ? epochs.ofCounts(undefined) : epochs.ofAnswers(backend);
  }

  function isKnown(kind: BudgetKind, guess: string, epoch: number): boolean {
    return (knownPasswords[kind].get(guess) ?? -1) >= epoch;
  }

  function refusalOf(places: readonly Place[], trust: TrustKeys): Reserved | undefined {
    const over = places.filter(({ budget, tally }) => countOf(tally) >= budget.limit);
    if (over.length === 0) return undefined;
    const isTrusted = trustIn(trust);
    const canLift = new Set(over.map(({ budget }) => budget.kind)).size === 1;
    const limitOf = ({ trusted: lifted, limit }: Budget): number =>
      canLift && lifted !== undefined && isTrusted[lifted.by] ? lifted.limit : limit;
    const blocking = over.filter(({ budget, tally }) => countOf(tally) >= limitOf(budget));
    if (blocking.length === 0) return undefined;
    const full = blocking.find(({ budget, tally }) => wrongOf(tally) >= limitOf(budget));
    if (full === undefined) return { kind: 'busy', isTrusted: isTrusted.either };
    for (const place of places) countRefused(place);
    const retryAfter = Math.max(1, Math.ceil((full.tally.until - clock.monotonic()) / 1000));
    return { kind: 'full', budget: full.budget.kind, retryAfter };
  }

  /** It does not extend the window: otherwise a client that keeps trying could never log in again. */
  function countRefused({ budget, tally }: Place): void {
    if (!budget.countsRefused || countOf(tally) >= Math.max(budget.limit, budget.trusted?.limit ?? 0)) return;
    if (wrongOf(tally) === 0) addWrong(tally, clock.monotonic());
    else tally.wrong += 1;
    store(budget, tally);
  }

  function trustIn(keys: TrustKeys): Readonly<Record<'password' | 'either' | 'both', boolean>> {
    const password = trusted.get(keys.password) === true;
    const network = keys.network !== undefined && trusted.get(keys.network) === true;
    return { password, either: password || network, both: password && network };
  }

  function settleAttempt({ attempt, outcome, knownSeconds = 0 }: Settlement): void {
    if (attempt === undefined) return;
    const guesses = new Map<BudgetKind, string>();
    if (attempt.places.length === 0) guesses.set('account', attempt.password);
    for (const { budget, sequence } of attempt.places) {
      const tally = tallyOf(budget, attempt.backend);
      const guess = budget.guess ?? attempt.password;
      guesses.set(budget.kind, guess);
      // After UNSETTLED_SECONDS it is counted as wrong already.
      if (!endAttempt(tally, attempt.id)) continue;
      // An equal guess at the same time may have been counted first.
      const counts = budget.kind === 'account' || !isKnown(budget.kind, guess, epochOf(attempt.backend));
      if (outcome === 'wrong' && counts) addWrong(tally, clock.monotonic());
      if (outcome === 'success' && budget.isClearedBySuccess) clearBefore(tally, sequence);
      store(budget, tally);
    }
    if (outcome !== 'wrong' || knownSeconds === 0) return;
    for (const [kind, guess] of guesses) knownPasswords[kind].set(guess, attempt.epoch, knownSeconds);
  }

  function settleTrust({ outcome, trust }: Settlement): void {
    if (trust === undefined || outcome === 'none') return;
    for (const key of [trust.keys.password, trust.keys.network]) {
      if (key === undefined) continue;
      if (outcome === 'success') trusted.set(key, true, trust.seconds);
      else trusted.delete(key);
    }
  }

  /** It has the epoch of its flight: what has ended since then ends this answer as well. */
  function settleAnswer({ login, epoch }: Flight, answer: CachedAnswer | undefined): void {
    if (answer === undefined) return;
    if (answer.kind === 'refusal') {
      refusals.set(login, { outcome: answer.outcome, epoch }, answer.seconds);
      return;
    }
    const { identity, account, name, freshSeconds, seconds } = answer;
    if (epoch < epochs.ofAccount(account)) return;
    successes.put({ login, account, identity, name: name?.key ?? NO_NAME, epoch, freshSeconds, seconds });
  }

  function settle(settlement: Settlement): void {
    const { flight, answer, hold, endsLoginsOf } = settlement;
    settleAttempt(settlement);
    settleTrust(settlement);
    if (hold !== undefined) {
      holds.set(hold.account, settlement.attempt?.epoch ?? epochs.current(), hold.seconds);
    }
    if (endsLoginsOf !== undefined) successes.end(endsLoginsOf);
    if (flight === undefined) return;
    settleAnswer(flight, answer);
    if (flights.get(flight.login)?.id === flight.id) flights.delete(flight.login);
  }

  return {
    recall: async (question) => recall(question),
    reserve: async (reservation) => reserve(reservation),
    settle: async (settlement) => settle(settlement),
    end: async (ended) => {
      epochs.end(ended);
      if (ended.kind === 'account') successes.end(ended.account);
    },
    epoch: epochs.current,
    sizes: () => ({
      right: successes.size(),
      wrong: refusals.size(),
      counted: tallies.account.size() + tallies.name.size() + tallies.address.size(),
      trusted: trusted.size(),
    }),
  };
}

/** Where names are not counted. No budget has this key. */
const NO_NAME = '';

interface Place {
  readonly budget: Budget;
  readonly tally: Tally;
}

function perKind<Value>(make: () => Value): Readonly<Record<BudgetKind, Value>> {
  return { account: make(), name: make(), address: make() };
}

const MAX_ENDED = 10_000;

/** Numbers what has ended. An entry is valid when it is not older than the last end of what it belongs to. */
function createEpochs(clock: Clock) {
  let epoch = 0;
  const answers = new Map<string, number>();
  const counts = new Map<string, number>();
  const accounts = compactMap<number>({ clock, maxEntries: MAX_ENDED });
  const ALL = '';
  const latestOf = (ends: ReadonlyMap<string, number>, backend: string | undefined): number =>
    Math.max(ends.get(ALL) ?? 0, backend === undefined ? 0 : (ends.get(backend) ?? 0));
  return {
    current: (): number => epoch,
    ofAnswers: (backend: string): number => latestOf(answers, backend),
    ofCounts: (backend: string | undefined): number => latestOf(counts, backend),
    ofAccount: (account: string): number => accounts.get(account) ?? 0,
    end: (ended: Ended): void => {
      epoch += 1;
      if (ended.kind === 'account') return accounts.set(ended.account, epoch, ENDED_SECONDS);
      answers.set(ended.backend ?? ALL, epoch);
      if (ended.kind === 'answers-and-counts') counts.set(ended.backend ?? ALL, epoch);
      return undefined;
    },
  };
}
