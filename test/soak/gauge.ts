/** What the broker's own metrics say about it. */

export interface Gauges {
  readonly heapMiB: number;
  readonly residentMiB: number;
  readonly descriptors: number;
  /** Milliseconds; since the metrics were last asked for. */
  readonly loopDelayP99: number;
}

export async function readGauges(url: string): Promise<Gauges> {
  const page = await (await fetch(`${url}/metrics`)).text();
  const value = (name: string): number => {
    const found = new RegExp(`^${name} (\\S+)$`, 'm').exec(page)?.[1];
    if (found === undefined) throw new Error(`there is no metric ${name}`);
    return Number(found);
  };
  return {
    heapMiB: value('nodejs_heap_size_used_bytes') / 2 ** 20,
    residentMiB: value('process_resident_memory_bytes') / 2 ** 20,
    descriptors: value('process_open_fds'),
    loopDelayP99: value('nodejs_eventloop_lag_p99_seconds') * 1000,
  };
}

/** The least of a while: what is left when garbage has been collected and nobody is served. */
export function least(gauges: readonly Gauges[]): Pick<Gauges, 'heapMiB' | 'descriptors'> {
  return {
    heapMiB: Math.min(...gauges.map(({ heapMiB }) => heapMiB)),
    descriptors: Math.min(...gauges.map(({ descriptors }) => descriptors)),
  };
}
