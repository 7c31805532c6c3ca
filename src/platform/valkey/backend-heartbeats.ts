/** The states of backends in a heartbeat: what a broker last found, in fixed words and without messages. */

export interface BackendHeartbeat {
  readonly name: string;
  readonly state: 'up' | 'down';
  /** When a probe of that broker first found the state, which the backend has had since. Epoch seconds. */
  readonly since: number;
  /** When that broker last asked the backend. Epoch seconds. */
  readonly askedAt: number;
}

/** Backends of one broker in a heartbeat. The others are left out. */
const MAX_BACKENDS = 20;
const MAX_NAME = 256;

export function boundedBackends(all: readonly BackendHeartbeat[]): readonly BackendHeartbeat[] {
  return all.slice(0, MAX_BACKENDS);
}

/** @returns undefined for brokers of earlier versions, whose heartbeats have none, and for what is no such list */
export function readBackends(value: unknown): readonly BackendHeartbeat[] | undefined {
  return Array.isArray(value) && value.length <= MAX_BACKENDS && value.every(isBackend) ? value : undefined;
}

function isBackend(value: unknown): value is BackendHeartbeat {
  if (typeof value !== 'object' || value === null) return false;
  const { name, state, since, askedAt }: Readonly<Record<string, unknown>> = { ...value };
  return (
    typeof name === 'string' &&
    name.length <= MAX_NAME &&
    (state === 'up' || state === 'down') &&
    Number.isSafeInteger(since) &&
    Number.isSafeInteger(askedAt)
  );
}
