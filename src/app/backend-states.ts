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

export function backendStates(
  authenticators: readonly Authenticator[],
  deps: BackendStatesDeps,
): () => Promise<ReadonlyMap<string, BackendState>> {
  const lastStates = new Map<string, BackendState['state']>();
  let cached: { readonly at: number; readonly states: Promise<ReadonlyMap<string, BackendState>> } | undefined;

  async function probeAll(): Promise<ReadonlyMap<string, BackendState>> {
    const states = await Promise.all(
      authenticators.map(
        async (authenticator) => [authenticator.name, await probeBackend(authenticator, deps)] as const,
      ),
    );
    for (const [name, state] of states) record(name, state);
    return new Map(states);
  }

  /** Logs a change: that a backend is down, and that it is up again. */
  function record(backend: string, state: BackendState): void {
    const last = lastStates.get(backend);
    lastStates.set(backend, state.state);
    deps.onState(backend, state.state === 'up');
    if (last === state.state) return;
    if (state.state === 'down') deps.log.error('backend down', { backend, cause: state.detail });
    else if (last === 'down') deps.log.info('backend up again', { backend });
  }

  return () => {
    const now = deps.clock.monotonic();
    if (cached === undefined || now - cached.at >= CACHE_MS) cached = { at: now, states: probeAll() };
    return cached.states;
  };
}

/** Asks one backend now. Never throws. */
export async function probeBackend(
  authenticator: Pick<Authenticator, 'probe'>,
  { clock, timer }: Pick<BackendStatesDeps, 'clock' | 'timer'>,
): Promise<BackendState> {
  const deadline = deadlineIn(clock, PROBE_MS);
  try {
    return await withinGrace(timer, deadline, authenticator.probe(deadline));
  } catch (error) {
    return { state: 'down', detail: describeError(error) };
  }
}
