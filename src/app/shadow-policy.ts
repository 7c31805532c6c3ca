/**
 * The policy of shadow mode. Serving never depends on it: it is read separately, its problems are only logged, and the
 * comparison follows after the decision is made and recorded.
 */
import { describeError } from '../core/errors.ts';
import type { Policy } from '../core/policy/policy.ts';
import type { Audit, Log } from '../core/ports.ts';
import { systemClock } from '../platform/clock.ts';
import { compareWithShadow } from '../flows/shadow.ts';
import { auditWith } from '../platform/audit/fan-out.ts';
import { watchFiles } from '../platform/watch.ts';
import { createReload } from './reload.ts';

export interface Shadow extends Disposable {
  /** Records events, with a comparison for each token that is issued. */
  readonly audit: Audit;
  /** `stale`: the file is invalid now; `revision` is that of the last valid one. Empty without shadow mode. */
  state(): { readonly shadow?: { readonly revision: string | null; readonly stale: boolean } };
  /** Reads the file again and logs the result. Never throws. */
  reload(): Promise<void>;
}

export interface ShadowDeps {
  readonly load: (file: string) => Promise<Policy>;
  readonly log: Log;
  readonly audit: Audit;
}

/** @param file undefined: shadow mode is off */
export function openShadow(file: string | undefined, { load, log, audit }: ShadowDeps): Shadow {
  if (file === undefined) {
    return { audit, state: () => ({}), reload: async () => undefined, [Symbol.dispose]: () => undefined };
  }
  let policy: Policy | undefined;
  let stale = false;

  async function read(): Promise<{ readonly revision: string }> {
    try {
      policy = await load(file ?? '');
      stale = false;
      return { revision: policy.revision };
    } catch (error) {
      stale = true;
      throw error;
    }
  }

  const reload = createReload({
    reloadable: { what: 'shadow policy', reload: read },
    log,
    onReload: () => undefined,
  });
  read().then(
    (fields) => log.info('shadow policy loaded', fields),
    (error: unknown) =>
      log.error('shadow policy NOT loaded: decisions are not compared until the file is corrected', {
        cause: describeError(error),
      }),
  );
  const stopWatching = watchFiles([file], () => void reload());
  return {
    audit: auditWith(audit, [compareWithShadow({ shadow: () => policy, clock: systemClock, audit })], log),
    state: () => ({ shadow: { revision: policy?.revision ?? null, stale } }),
    reload,
    [Symbol.dispose]: stopWatching,
  };
}
