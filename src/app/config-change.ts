/** Notices that broker.yaml has changed since the start. It is read at the start only, so a change needs a restart. */
import { loadBroker } from '../config/load.ts';
import type { ConfigSource } from '../config/load.ts';
import { readTextFile, shownPath } from '../config/read-text.ts';
import { describeError } from '../core/errors.ts';
import type { Log } from '../core/ports.ts';

interface ConfigChange {
  /** Compares the file with the one in use, and logs the result. Never throws. */
  check(): Promise<void>;
  isChanged(): boolean;
}

const MAX_BYTES = 1024 * 1024;

export function createConfigChange({ path, revision }: ConfigSource, log: Log): ConfigChange {
  const file = shownPath(path);
  let changed = false;
  return {
    isChanged: () => changed,
    check: async () => {
      try {
        const { revision: now } = await readTextFile(path, MAX_BYTES);
        const isSame = now === revision;
        if (isSame && changed) log.info('configuration is the one in use again', { file });
        changed = !isSame;
        if (isSame) return;
        await loadBroker(path);
        log.warn('configuration changed: restart the broker to use it', { file, running: revision, found: now });
      } catch (error) {
        changed = true;
        log.error('configuration changed and NOT valid: the broker runs on, but would not start again', {
          file,
          cause: describeError(error),
        });
      }
    },
  };
}
