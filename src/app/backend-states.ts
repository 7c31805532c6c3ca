/** The state of each backend, probed on request and cached for a second. */
import { deadlineIn } from '../core/deadline.ts';
import { describeError } from '../core/errors.ts';
import type { Authenticator, BackendState, Clock, Log, Timer } from '../core/ports.ts';
import { withinGrace } from '../flows/login-time.ts';

const PROBE_MS = 2000;
const CACHE_MS = 1000;

interface BackendStatesDeps {
  readonly clock: Clock;
  readonly timer: Timer;
  readonly log: Log;
  /** Called after each probe, for the metric. */
  readonly onState: (backend: string, up: boolean) => void;
}

export interface BackendStates {
  /** The states of the last second. */
  all(): Promise<ReadonlyMap<string, BackendState>>;
  /** Asks one backend now. Never throws. @returns undefined when there is no such backend */
  probe(name: string): Promise<BackendState | undefined>;
  /** What the probes have found, in the order of the backends, without those that were never asked. */
  found(): readonly FoundState[];
  /** What the probes of a backend have found; undefined: it was never asked. */
  lastProbe(name: string):
    | {
        readonly state: BackendState['state'];
        /** When a probe first found this state, which the backend has had since. Epoch seconds. */
        readonly since: number;
        /** When the backend was last asked. Epoch seconds. */
        readonly askedAt: number;
        /** How long the last probe took. */
        readonly milliseconds: number;
      }
    | undefined;
}

/** What a heartbeat has of a backend. */
type FoundState = Omit<ProbeRecord, 'milliseconds'> & { readonly name: string };

type ProbeRecord = NonNullable<ReturnType<BackendStates['lastProbe']>>;

export function createBackendStates(authenticators: readonly Authenticator[], deps: BackendStatesDeps): BackendStates {
  const { clock, log, onState } = deps;
  const records = new Map<string, ProbeRecord>();
  let cached: { readonly at: number; readonly states: Promise<ReadonlyMap<string, BackendState>> } | undefined;

  async function probe(authenticator: Authenticator): Promise<BackendState> {
    const started = clock.monotonic();
    const state = await askBackend(authenticator, deps);
    record(authenticator.name, state, clock.monotonic() - started);
    return state;
  }

  /** Logs a change: that a backend is down, and that it is up again. */
  function record(backend: string, state: BackendState, milliseconds: number): void {
    const last = records.get(backend);
    const hasChanged = last?.state !== state.state;
    const askedAt = clock.now();
    const since = hasChanged ? askedAt : last.since;
    records.set(backend, { state: state.state, since, askedAt, milliseconds });
    onState(backend, state.state === 'up');
    if (!hasChanged) return;
    if (state.state === 'down') log.error('backend down', { backend, cause: state.detail });
    else if (last !== undefined) log.info('backend up again', { backend });
  }

  async function probeAll(): Promise<ReadonlyMap<string, BackendState>> {
    const states = authenticators.map(
      async (authenticator) => [authenticator.name, await probe(authenticator)] as const,
    );
    return new Map(await Promise.all(states));
  }

  return {
    all: () => {
      const now = clock.monotonic();
      if (cached === undefined || now - cached.at >= CACHE_MS) cached = { at: now, states: probeAll() };
      return cached.states;
    },
    probe: async (name) => {
      const found = authenticators.find((authenticator) => authenticator.name === name);
      return found === undefined ? undefined : probe(found);
    },
    found: () =>
      authenticators.flatMap(({ name }) => {
        const last = records.get(name);
        return last === undefined ? [] : [{ name, state: last.state, since: last.since, askedAt: last.askedAt }];
      }),
    lastProbe: (name) => records.get(name),
  };
}

async function askBackend(
  authenticator: Authenticator,
  { clock, timer }: Pick<BackendStatesDeps, 'clock' | 'timer'>,
): Promise<BackendState> {
  const deadline = deadlineIn(clock, PROBE_MS);
  try {
    return await withinGrace(timer, deadline, authenticator.probe(deadline));
  } catch (error) {
    return { state: 'down', detail: describeError(error) };
  }
}
