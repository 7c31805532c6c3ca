/**
 * The policy of shadow mode. Serving never depends on it: it is read separately, its problems are only logged, and the
 * comparison follows after the decision is made and recorded.
 */
import type { UsablePolicy } from '../config/load.ts';
import { describeError } from '../core/errors.ts';
import type { Audit, Log } from '../core/ports.ts';
import { systemClock } from '../platform/clock.ts';
import { compareWithShadow } from '../flows/shadow.ts';
import type { PolicyStatus } from '../platform/audit/file-metrics.ts';
import { auditWith } from '../platform/audit/fan-out.ts';
import { watchFiles } from '../platform/watch.ts';
import { createReload } from './reload.ts';

interface Shadow extends Disposable {
  /** Records events, with a comparison for each token that is issued. */
  readonly audit: Audit;
  /** `stale`: the file is invalid now; `revision` is that of the last valid one. Empty without shadow mode. */
  state(): { readonly shadow?: { readonly revision: string | null; readonly stale: boolean } };
  /** The same for the metrics. */
  status(): { readonly shadow?: PolicyStatus };
  /** Reads the file again and logs the result. Never throws. */
  reload(): Promise<void>;
}

interface ShadowDeps {
  readonly load: (file: string) => Promise<UsablePolicy>;
  readonly log: Log;
  readonly audit: Audit;
  /** Called after each reading, for the metrics. */
  readonly onRead: (outcome: 'loaded' | 'refused') => void;
}

/** @param file undefined: shadow mode is off */
export function openShadow(file: string | undefined, { load, log, audit, onRead }: ShadowDeps): Shadow {
  if (file === undefined) {
    return {
      audit,
      state: () => ({}),
      status: () => ({}),
      reload: async () => undefined,
      [Symbol.dispose]: () => undefined,
    };
  }
  let loaded: UsablePolicy | undefined;
  let stale = false;

  async function read(): Promise<{ readonly revision: string }> {
    try {
      loaded = await load(file ?? '');
      stale = false;
      for (const warning of loaded.warnings) log.warn('shadow policy warning', { warning });
      onRead('loaded');
      return { revision: loaded.policy.revision };
    } catch (error) {
      stale = true;
      onRead('refused');
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
    audit: auditWith(audit, [compareWithShadow({ shadow: () => loaded?.policy, clock: systemClock, audit })], log),
    state: () => ({ shadow: { revision: loaded?.policy.revision ?? null, stale } }),
    status: () => ({ shadow: { revision: loaded?.policy.revision, failedTests: loaded?.failedTests ?? 0 } }),
    reload,
    [Symbol.dispose]: stopWatching,
  };
}
