/**
 * The ledger in Valkey or Redis. Each method is one script, so it is one atomic step for all brokers. Keys are
 * fingerprints under the fleet key, and answers are sealed for the key of their entry, with their own end.
 */
import { encodeIdentity, parseIdentity } from '../../core/identity-record.ts';
import type { Identity } from '../../core/identity.ts';
import type {
  Attempt,
  Budget,
  BudgetKind,
  CachedAnswer,
  Flight,
  Recalled,
  RecallQuestion,
  Reservation,
  Reserved,
  Settlement,
} from '../../core/ledger.ts';
import type { Clock } from '../../core/ports.ts';
import { parseRefusal } from '../../core/refusal-record.ts';
import { expiringMap } from '../store/expiring-map.ts';
import type { EpochView } from './epoch-view.ts';
import { texts } from './epoch-view.ts';
import type { FleetKeys } from './fleet-keys.ts';

interface ValkeyLedgerOptions {
  readonly epochs: Pick<EpochView, 'call' | 'endOfAnswers'>;
  readonly keys: Pick<FleetKeys, 'seal' | 'open'>;
  readonly clock: Clock;
}

export interface RemoteRecall {
  readonly recalled: Recalled;
  /** What is stored, with the time that it has left. */
  readonly answer: CachedAnswer | undefined;
}

export interface RemoteReserve {
  readonly reserved: Reserved;
  /** The count of each budget that was looked up, with attempts under way. */
  readonly counts: readonly (readonly [Budget, number])[];
}

/** As `Ledger`, with what a broker keeps for the time when the store is down. Throws what the store throws. */
export interface ValkeyLedger {
  recall(question: RecallQuestion): Promise<RemoteRecall>;
  reserve(reservation: Reservation): Promise<RemoteReserve>;
  settle(settlement: Settlement): Promise<void>;
  /** Flights that are not renewed end after `FLIGHT_SECONDS`. */
  renew(flights: readonly LedFlight[]): Promise<void>;
  /** Adds wrong passwords that a broker counted alone. */
  addWrong(counts: readonly WrongCount[]): Promise<void>;
}

/** A flight that this broker leads. */
export type LedFlight = Pick<Flight, 'login' | 'id'>;

export interface WrongCount {
  readonly budget: Budget;
  readonly backend: string | undefined;
  readonly wrong: number;
}

/** What the seal of a successful login holds. Times are seconds since 1970. */
interface OpenedSuccess {
  readonly sealed: string;
  readonly identity: Identity;
  readonly account: string;
  readonly name: Budget | undefined;
  readonly epoch: number;
  readonly end: number;
  readonly fresh: number;
}

const MAX_OPENED = 50_000;
/** Clocks of brokers may differ by this many seconds. */
const CLOCK_LEEWAY = 60;

export function valkeyLedger({ epochs, keys, clock }: ValkeyLedgerOptions): ValkeyLedger {
  /**
   * Successes that were opened or sealed here. It saves the decryption, and gives the same object for the same login, by
   * which `token-reuse.ts` finds tokens.
   */
  const opened = expiringMap<OpenedSuccess>({ clock, maxEntries: MAX_OPENED });

  /** Whoever writes to the store can remove an end from it: what this broker has seen counts as well. */
  const hasEnded = (backend: string, epoch: string | undefined): boolean =>
    !(Number(epoch) >= epochs.endOfAnswers(backend));

  /** The record inside the seal, if it is the one that belongs here now and not an older one of the same entry. */
  function open(entry: string, epoch: string, sealed: string): Readonly<Record<string, unknown>> | undefined {
    const value = keys.open(entry, sealed);
    if (typeof value !== 'object' || value === null) return undefined;
    const record: Readonly<Record<string, unknown>> = { ...value };
    return record['epoch'] === Number(epoch) && isBefore(record['end']) ? record : undefined;
  }

  const isBefore = (end: unknown): boolean => Number(end) + CLOCK_LEEWAY >= clock.now();

  function openSuccess(backend: string, items: readonly string[]): OpenedSuccess | undefined {
    const [entry = '', epoch = '', left, sealed = '', account = ''] = items;
    if (hasEnded(backend, epoch)) return undefined;
    const known = opened.get(entry);
    if (known?.sealed === sealed && known.epoch === Number(epoch) && known.account === account) {
      return isBefore(known.end) ? known : undefined;
    }
    const record = open(entry, epoch, sealed);
    const identity = parseIdentity(record?.['identity']);
    if (record === undefined || identity === undefined || record['account'] !== account) return undefined;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- sealed: a broker of this fleet wrote it
    const name = record['name'] as Budget | undefined;
    const times = { epoch: Number(epoch), end: Number(record['end']), fresh: Number(record['fresh']) };
    const success: OpenedSuccess = { sealed, identity, account, name, ...times };
    opened.set(entry, success, secondsOf(left));
    return success;
  }

  function sealAnswer({ login, epoch }: Flight, answer: CachedAnswer) {
    const [first = ''] = login.split('+');
    const end = clock.now() + answer.seconds;
    if (answer.kind === 'refusal') {
      const { kind, seconds, outcome } = answer;
      return { kind, seconds, sealed: keys.seal(`fl:refusal:${first}`, { outcome, epoch, end }) };
    }
    const { kind, identity, account, name, freshSeconds, seconds } = answer;
    const fresh = clock.now() + freshSeconds;
    const entry = `fl:success:${first}`;
    const sealed = keys.seal(entry, { identity: encodeIdentity(identity), account, name, epoch, end, fresh });
    opened.set(entry, { sealed, identity, account, name, epoch, end, fresh }, seconds);
    return {
      kind,
      account,
      ...(name === undefined ? {} : { name: JSON.stringify(name) }),
      freshSeconds,
      seconds,
      sealed,
    };
  }

  /** @param ignoresAnswers whether what is stored cannot be used, so that the backend must be asked */
  async function recall(question: RecallQuestion, ignoresAnswers = false): Promise<RemoteRecall> {
    const reply = texts(await epochs.call('recall', { ...question, ignoresAnswers }));
    const [kind = '', epoch, ...rest] = reply;
    switch (kind) {
      case 'success':
        return recalledSuccess(question.backend, rest) ?? recall(question, true);
      case 'refused':
        return recalledRefusal(question.backend, rest) ?? recall(question, true);
      case 'lead': {
        const flight = { ...question, epoch: Number(epoch) };
        return { recalled: { kind, flight, stale: openSuccess(question.backend, rest)?.identity }, answer: undefined };
      }
      case 'wait':
        return { recalled: { kind }, answer: undefined };
      default:
        throw unexpected(reply);
    }
  }

  function recalledSuccess(backend: string, items: readonly string[]): RemoteRecall | undefined {
    const success = openSuccess(backend, items);
    if (success === undefined || !isBefore(success.fresh)) return undefined;
    const { identity, account, name } = success;
    const [, , left, , , freshLeft, contested] = items;
    return {
      recalled: { kind: 'success', identity, isContested: contested === '1' },
      answer: {
        kind: 'success',
        identity,
        account,
        name,
        freshSeconds: secondsOf(freshLeft),
        seconds: secondsOf(left),
      },
    };
  }

  function recalledRefusal(backend: string, items: readonly string[]): RemoteRecall | undefined {
    const [entry = '', epoch = '', left, sealed = ''] = items;
    if (hasEnded(backend, epoch)) return undefined;
    const outcome = parseRefusal(open(entry, epoch, sealed)?.['outcome']);
    if (outcome === undefined) return undefined;
    return { recalled: { kind: 'refused', outcome }, answer: { kind: 'refusal', outcome, seconds: secondsOf(left) } };
  }

  async function reserve(reservation: Reservation): Promise<RemoteReserve> {
    const reply = texts(await epochs.call('reserve', { ...reservation }));
    const [kind = '', epoch, ...rest] = reply;
    const { id, backend, password, budgets } = reservation;
    switch (kind) {
      case 'known':
      case 'on-hold':
        return { reserved: { kind }, counts: [] };
      case 'busy':
        return { reserved: { kind, isTrusted: rest[0] === '1' }, counts: countsIn(rest.slice(1), budgets) };
      case 'full': {
        const [budget, wait] = rest;
        const reserved = { kind, budget: kindOf(budget), retryAfter: Number(wait) } as const;
        return { reserved, counts: countsIn(rest.slice(2), budgets) };
      }
      case 'go': {
        const places = placesIn(rest.slice(1), budgets);
        const attempt: Attempt = { id, backend, password, epoch: Number(epoch), places };
        const counted = Math.max(1, ...places.map(({ count }) => count));
        return {
          reserved: { kind, attempt, inFlight: Number(rest[0]), counted },
          counts: places.map(({ budget, count }) => [budget, count]),
        };
      }
      default:
        throw unexpected(reply);
    }
  }

  async function settle(settlement: Settlement): Promise<void> {
    const { flight, answer, knownSeconds = 0, ...rest } = settlement;
    const sealed = flight === undefined || answer === undefined ? {} : { answer: sealAnswer(flight, answer) };
    await epochs.call('settle', { ...rest, knownSeconds, ...(flight === undefined ? {} : { flight }), ...sealed });
  }

  return {
    recall: (question) => recall(question),
    reserve,
    settle,
    renew: async (flights) => void (await epochs.call('renew', { flights })),
    addWrong: async (counts) => void (await epochs.call('addWrong', { counts })),
  };
}

/** A place with what `settle` needs: where the attempt began in the count under each fleet key. */
interface StoredPlace {
  readonly budget: Budget;
  readonly sequence: number;
  readonly sequences: readonly number[];
  readonly count: number;
}

/** @param items for each place: the index of its budget, its count, and its sequences */
function placesIn(items: readonly string[], budgets: readonly Budget[]): readonly StoredPlace[] {
  return items.flatMap((item) => {
    const [index, count, sequences = ''] = item.split(' ');
    const budget = budgets[Number(index)];
    if (budget === undefined) return [];
    const numbers = sequences.split('+').map(Number);
    return [{ budget, sequence: numbers[0] ?? 0, sequences: numbers, count: Number(count) }];
  });
}

function countsIn(items: readonly string[], budgets: readonly Budget[]): RemoteReserve['counts'] {
  return placesIn(items, budgets).map(({ budget, count }) => [budget, count]);
}

function secondsOf(milliseconds: string | undefined): number {
  return Number(milliseconds ?? 0) / 1000;
}

function kindOf(text: string | undefined): BudgetKind {
  return text === 'name' || text === 'address' ? text : 'account';
}

function unexpected(reply: readonly string[]): Error {
  return new Error(`the store gave an unexpected answer: ${reply[0] ?? 'nothing'}`);
}
