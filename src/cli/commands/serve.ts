/** `fairlead serve`: runs the broker until it is told to stop. */
import type { Command } from 'commander';
import { startBroker } from '../../app/compose.ts';
import type { Broker } from '../../app/compose.ts';
import { makeTryOutSecrets, tryOutText } from '../../app/try-out.ts';
import { loadBroker } from '../../config/load.ts';
import { describeError } from '../../core/errors.ts';
import type { Log } from '../../core/ports.ts';
import { createLog } from '../../platform/log.ts';
import { createCommand, run } from '../command.ts';
import type { SharedOptions } from '../command.ts';
import { EXIT } from '../output.ts';

interface ServeOptions extends SharedOptions {
  readonly try?: true;
}

const STANDARD_ERROR = 2;

export function serveCommand(): Command {
  return createCommand(
    'serve',
    'Run the broker; SIGTERM drains and stops it, SIGHUP reloads policy and users and forgets logins',
  )
    .option('--try', 'make the password files that the configured users name, and print commands to try')
    .action(run(serve));
}

async function serve({ config: path, try: tryOut }: ServeOptions): Promise<number> {
  const { config, warnings } = await loadBroker(path);
  const log = createLog(config.log.level, STANDARD_ERROR);
  try {
    for (const warning of warnings) log.warn(warning);
    const made = tryOut === true ? await makeTryOutSecrets(config) : [];
    await using broker = await startBroker(config, log);
    log.info('listening', {
      address: broker.url,
      ...(broker.adminUrl === undefined ? {} : { admin: broker.adminUrl }),
    });
    if (tryOut === true) process.stdout.write(tryOutText(config, path, broker.url, made));
    await untilStopped(broker, log);
    return EXIT.ok;
  } finally {
    await log.close();
  }
}

/** Ends when the broker has drained; a second signal ends it at once. */
async function untilStopped(broker: Broker, log: Log): Promise<void> {
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  let draining = false;
  const onStop = (signal: NodeJS.Signals): void => {
    log.info(draining ? 'stopping at once' : 'draining', { signal });
    if (draining) return stop();
    draining = true;
    broker.drain().then(stop, (error: unknown) => {
      log.error('draining failed', { cause: describeError(error) });
      stop();
    });
  };
  const onReload = (): void => {
    broker.flush();
    void broker.reload();
  };
  const onRejection = (error: unknown): void => log.error('a promise failed unseen', { cause: describeError(error) });
  process.on('SIGTERM', onStop).on('SIGINT', onStop).on('SIGHUP', onReload).on('unhandledRejection', onRejection);
  await stopped;
  process.off('SIGHUP', onReload).off('unhandledRejection', onRejection);
  log.info('stopped');
}
