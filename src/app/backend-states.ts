/** The state of each backend, asked when somebody asks and remembered for a second. */
import type { Authenticator, BackendState, Clock, Log } from '../core/ports.ts';
import type { Timer } from '../core/timer.ts';
import { deadlineIn } from '../core/deadline.ts';
import { describeError } from '../core/errors.ts';

const PROBE_MS = 2000;
const REMEMBER_MS = 1000;

export interface BackendStatesDeps {
  readonly clock: Clock;
  readonly timer: Timer;
  readonly log: Log;
  /** Told of each answer, for the metric. */
  readonly onState: (backend: string, up: boolean) => void;
}

export function backendStates(
  authenticators: readonly Authenticator[],
  deps: BackendStatesDeps,
): () => Promise<ReadonlyMap<string, BackendState>> {
  const known = new Map<string, BackendState['state']>();
  let asked: { readonly at: number; readonly states: Promise<ReadonlyMap<string, BackendState>> } | undefined;

  async function askAll(): Promise<ReadonlyMap<string, BackendState>> {
    const states = await Promise.all(authenticators.map((authenticator) => probe(authenticator, deps)));
    return new Map(authenticators.map(({ name }, index) => [name, noted(name, states[index] ?? { state: 'up' })]));
  }

  function noted(name: string, state: BackendState): BackendState {
    deps.onState(name, state.state === 'up');
    if (known.get(name) !== state.state && (state.state === 'down' || known.has(name))) {
      if (state.state === 'up') deps.log.info('backend is back', { backend: name });
      else deps.log.error('backend is down', { backend: name, cause: state.detail });
    }
    known.set(name, state.state);
    return state;
  }

  return () => {
    const now = deps.clock.monotonic();
    if (asked === undefined || now - asked.at >= REMEMBER_MS) asked = { at: now, states: askAll() };
    return asked.states;
  };
}

async function probe(authenticator: Authenticator, { clock, timer }: BackendStatesDeps): Promise<BackendState> {
  try {
    return await timer.within(authenticator.probe(deadlineIn(clock, PROBE_MS)), PROBE_MS + 200);
  } catch (error) {
    return { state: 'down', detail: describeError(error) };
  }
}
