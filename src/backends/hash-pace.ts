/**
 * When the password of a login may be hashed at the earliest: the hashes for one user name come one after the other, and
 * those for one site at the speed of the processors. So nobody fills the queue of the others.
 *
 * Whether the name exists makes no difference: a name that does not exist takes the time of a hash as well. Otherwise the
 * logins that are delayed or refused would show which names exist.
 */

/** Logins of one name or site that are further behind are refused: half the time that a login may take. */
const MAX_DELAY_MS = 4000;
/** Names and sites of the past are removed when there are more. */
const MAX_FLOWS = 10_000;

interface HashPaceOptions {
  readonly atOnce: number;
  /** Milliseconds from any start. */
  readonly now: () => number;
}

interface HashPace {
  /**
   * @param hashMs how long a hash takes
   * @returns milliseconds to wait; undefined when too many logins of the name or site come before
   */
  delayFor(
    login: { readonly name: string | undefined; readonly site: string | undefined },
    hashMs: number,
  ): number | undefined;
}

export function createHashPace({ atOnce, now }: HashPaceOptions): HashPace {
  /** By name or site, when its next hash may begin. */
  const free = new Map<string, number>();

  function removePast(): void {
    if (free.size <= MAX_FLOWS) return;
    for (const [flow, at] of free) if (at <= now()) free.delete(flow);
  }

  return {
    delayFor: ({ name, site }, hashMs) => {
      const flows: readonly (readonly [flow: string, step: number])[] = [
        ...(name === undefined ? [] : [[`name ${name}`, hashMs] as const]),
        ...(site === undefined ? [] : [[`site ${site}`, hashMs / atOnce] as const]),
      ];
      const begin = Math.max(now(), ...flows.map(([flow]) => free.get(flow) ?? 0));
      const delay = begin - now();
      if (delay > MAX_DELAY_MS) return undefined;
      removePast();
      for (const [flow, step] of flows) free.set(flow, begin + step);
      return delay;
    },
  };
}
