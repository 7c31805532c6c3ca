/** Notices that broker.yaml has changed since the start. It is read at the start only, so a change needs a restart. */
import { MAX_BROKER_BYTES } from '../config/load.ts';
import { loadBroker } from '../config/load.ts';
import type { ConfigSource } from '../config/load.ts';
import { readTextFile, shownPath } from '../config/read-text.ts';
import { describeError } from '../core/errors.ts';
import type { Log } from '../core/ports.ts';

interface ConfigChange {
  /**
   * Compares the file with the one in use, and logs the result. One change of the file causes one line, although both
   * the watcher and SIGHUP ask. Never throws.
   */
  check(): Promise<void>;
  isChanged(): boolean;
}

/** What was found when the file was read. */
type State = 'in use' | { readonly found: string } | { readonly cause: string };

export function createConfigChange({ path, revision }: ConfigSource, log: Log): ConfigChange {
  const file = shownPath(path);
  let last: State = 'in use';

  async function read(): Promise<State> {
    try {
      const { revision: found } = await readTextFile(path, MAX_BROKER_BYTES);
      if (found === revision) return 'in use';
      await loadBroker(path);
      return { found };
    } catch (error) {
      return { cause: describeError(error) };
    }
  }

  function report(state: State): void {
    if (state === 'in use') return log.info('configuration is the one in use again', { file });
    if ('found' in state) {
      const fields = { file, running: revision, found: state.found };
      return log.warn('configuration changed: restart the broker to use it', fields);
    }
    log.error('configuration changed and NOT valid: the broker runs on, but would not start again', {
      file,
      cause: state.cause,
    });
  }

  return {
    isChanged: () => last !== 'in use',
    check: async () => {
      const state = await read();
      if (JSON.stringify(state) === JSON.stringify(last)) return;
      last = state;
      report(state);
    },
  };
}
